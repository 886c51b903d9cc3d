package main

import "time"

// machineTime is this machine's clock, which may be wrong. Nothing else in the product takes the time from
// it; the fault suite (hack/chaos) builds a binary with another file in place of this one.
func machineTime() time.Time { return time.Now() }
