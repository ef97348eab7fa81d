//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

// simd chooses the assembly. Tests switch it off and on.
var simd = cpu.X86.HasAVX2
