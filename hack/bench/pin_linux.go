package main

import (
	"fmt"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxCores is how many cores an affinity mask names.
const maxCores = 1024

// usableCores are the cores that this process may use, ascending.
func usableCores() []core {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var cores []core
	for number := range maxCores {
		if set.IsSet(number) {
			cores = append(cores, core(strconv.Itoa(number)))
		}
	}
	return cores
}

// pin binds the calling thread, and so what it becomes by exec, to one core.
func pin(on core) error {
	number, err := strconv.Atoi(string(on))
	if err != nil {
		return fmt.Errorf("read the number of a core: %w", err)
	}
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(number)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin to core %s: %w", on, err)
	}
	return nil
}
