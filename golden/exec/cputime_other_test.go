//go:build !linux

package exec_test

import "time"

var started = time.Now()

// cpuTime is the time that passes, for want of a thread's own.
func cpuTime() time.Duration { return time.Since(started) }
