package testenv

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/gomega"
)

// roleVariable makes the test binary play the process that starts a guarded program and is killed.
const roleVariable = "TESTENV_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "" {
		os.Exit(m.Run())
	}
	g, err := newGuard()
	if err != nil {
		panic(err)
	}
	fmt.Println(g.folder)
	fmt.Println(startSleeper(g).Process.Pid)
	time.Sleep(time.Hour)
}

// startSleeper starts a guarded program.
func startSleeper(g *guard) *exec.Cmd {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		panic(err)
	}
	program, err := g.guarded(sleep)
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(program, "3600")
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	return cmd
}

func TestAProgramDiesWithAProcessThatIsKilled(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), roleVariable+"=parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	folder, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(strings.TrimSpace(folder)) })
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	noted := func() string {
		text, _ := os.ReadFile(strings.TrimSpace(folder) + "/pids")
		return strings.TrimSpace(string(text))
	}
	g := gomega.NewWithT(t)
	g.Eventually(noted).WithTimeout(30 * time.Second).Should(gomega.Equal(strconv.Itoa(pid)))
	g.Expect(alive(pid)).To(gomega.BeTrue())

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed, which is an error
	g.Eventually(alive).WithArguments(pid).WithTimeout(30 * time.Second).Should(gomega.BeFalse())
}

func TestAForgottenProgramIsNotKilled(t *testing.T) {
	g, err := newGuard()
	if err != nil {
		t.Fatal(err)
	}
	kept, forgotten := startSleeper(g), startSleeper(g)
	t.Cleanup(func() {
		for _, sleeper := range []*exec.Cmd{kept, forgotten} {
			_ = sleeper.Process.Kill()
			_ = sleeper.Wait()
		}
	})
	eventually := gomega.NewWithT(t).Eventually
	eventually(func() int { text, _ := os.ReadFile(g.numbers()); return len(strings.Fields(string(text))) }).WithTimeout(30 * time.Second).Should(gomega.Equal(2))

	if err := g.forget(forgotten.Process.Pid); err != nil {
		t.Fatal(err)
	}
	g.kill()

	eventually(alive).WithArguments(kept.Process.Pid).WithTimeout(30 * time.Second).Should(gomega.BeFalse())
	if !alive(forgotten.Process.Pid) {
		t.Error("what was forgotten is dead")
	}
}

func TestAGuardKnowsTheNumberOfAProgram(t *testing.T) {
	g, err := newGuard()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.pid("sleep"); err == nil {
		t.Error("it knows what was never started")
	}
	sleeper := startSleeper(g)
	gomega.NewWithT(t).Eventually(func() (int, error) { return g.pid("sleep") }).WithTimeout(30 * time.Second).Should(gomega.Equal(sleeper.Process.Pid))
	g.kill()
	_ = sleeper.Wait()
}

func TestAReleasedGuardKillsNothing(t *testing.T) {
	g, err := newGuard()
	if err != nil {
		t.Fatal(err)
	}
	sleeper := startSleeper(g)
	t.Cleanup(func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() })
	gomega.NewWithT(t).Eventually(func() (int, error) { return g.pid("sleep") }).WithTimeout(30 * time.Second).Should(gomega.Equal(sleeper.Process.Pid))

	if err := g.release(); err != nil {
		t.Fatal(err)
	}

	if !alive(sleeper.Process.Pid) {
		t.Error("what was guarded is dead")
	}
	if _, err := os.Stat(g.folder); !os.IsNotExist(err) {
		t.Errorf("its folder is left: %v", err)
	}
}

// alive says whether a process of that number runs; one that only waits to be reaped doesn't.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return runtime.GOOS != "linux"
	}
	return !strings.Contains(string(stat), ") Z ")
}
