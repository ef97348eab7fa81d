//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

func detect() tier {
	x := &cpu.X86
	switch {
	case !x.HasAVX2:
		return portable
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VBMI &&
		x.HasAVX512VNNI && x.HasBMI2:
		return vnni
	}
	return avx2
}
