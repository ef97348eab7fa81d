//go:build !amd64 || noasm

package kernel

// simd is never true here; the functions below are never called.
var simd = false

func tile(*int16, uintptr, *int16, uintptr, *int32, *int32, uintptr) { panic("kernel: no assembly") }
func widen(*int16, *int8, uintptr)                                   { panic("kernel: no assembly") }
func packColumns(*int16, *int8, uintptr, uintptr)                    { panic("kernel: no assembly") }
func packRows(*int16, *int8, uintptr, uintptr)                       { panic("kernel: no assembly") }
func lookup(*int8, *[256]int8, uintptr)                              { panic("kernel: no assembly") }
func rowSums(*int32, uintptr) (s1, s2 int64)                         { panic("kernel: no assembly") }
func rowMax(*int32, uintptr) int32                                   { panic("kernel: no assembly") }
func peak(uintptr)                                                   { panic("kernel: no assembly") }

func requantizeCodes(*int8, *int32, *uint32, uintptr, int64, uint64, int32, int32, int32) {
	panic("kernel: no assembly")
}

func requantizeAdd(*int32, *int32, *uint32, uintptr, int64, uint64, int32, int32, int32) {
	panic("kernel: no assembly")
}

func scaleCodes(*int8, *int32, int64, uintptr, int64, uint64, int32, int32, int32) {
	panic("kernel: no assembly")
}

func normalize(*int8, *int32, *int32, *int64, uintptr, int32, int32, int64, int64, uint64, int32, uint64, int32, int32) {
	panic("kernel: no assembly")
}

func numerators(*int16, *int32, uintptr, *int32, int32, uint32, int64, int64, uint64, int32) int32 {
	panic("kernel: no assembly")
}
