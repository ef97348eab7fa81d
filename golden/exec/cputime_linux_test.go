package exec_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is how long the thread has had a core: waiting for one is not the kernels' fault.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
