package webhook

import (
	"fmt"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// lockHint tells who typed something wrong what more of it leads to. It stands below every wrong
// login alike, because a page that said who is locked would say who exists, and when a guess
// is worth another try.
func lockHint(settings *directory.Settings) string {
	return fmt.Sprintf("After %s within %s, even the right one is refused for %s.",
		counted(settings.LockoutFailures, "wrong password"), readable(settings.LockoutWindow), readable(settings.LockoutDuration))
}

// readable is a duration for people, in the largest unit of which it is a whole number.
func readable(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return counted(int(d/time.Hour), "hour")
	case d%time.Minute == 0:
		return counted(int(d/time.Minute), "minute")
	default:
		return counted(int(d/time.Second), "second")
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
