//go:build !linux

package main

import "errors"

// usableCores is empty: only Linux lets a process choose.
func usableCores() []core { return nil }

func pin(core) error { return errors.New("this system can't pin a process to a core") }
