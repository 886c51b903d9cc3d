package child_test

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

	"github.com/latchkey-auth/latchkey/hack/child"
)

// roleVariable makes the test binary play a part: the programs that the tests start are copies of it.
const roleVariable = "CHILD_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "sleeper":
		time.Sleep(time.Hour)
	case "parent": // starts a sleeper, says its number and waits to be killed
		p, err := child.Start("sleeper", play("sleeper"))
		if err != nil {
			panic(err)
		}
		fmt.Println(p.PID())
		time.Sleep(time.Hour)
	case "fails":
		os.Exit(3)
	}
}

func play(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

func TestStopEndsAProcess(t *testing.T) {
	p, err := child.Start("sleeper", play("sleeper"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Err() != nil {
		t.Errorf("it runs, but: %v", p.Err())
	}

	p.Stop()

	if alive(p.PID()) {
		t.Error("it is alive after Stop")
	}
	p.Stop() // does nothing
}

func TestErrSaysHowAProcessEnded(t *testing.T) {
	p, err := child.Start("failure", play("fails"))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if p.Err() == nil || !strings.Contains(p.Err().Error(), "failure ended: exit status 3") {
		t.Errorf("got %v, want failure ended: exit status 3", p.Err())
	}
}

func TestStartSaysThatAProgramIsMissing(t *testing.T) {
	if _, err := child.Start("ghost", exec.Command("/no/such/program")); err == nil {
		t.Error("a missing program started")
	}
}

func TestAChildDiesWithAParentThatIsKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a process to the life of another")
	}
	parent := play("parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !alive(pid) {
		t.Fatalf("the child %q isn't there: %v", line, err)
	}

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed, which is an error
	gomega.NewWithT(t).Eventually(alive).WithArguments(pid).WithTimeout(30 * time.Second).Should(gomega.BeFalse())
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
