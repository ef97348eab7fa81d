//go:build !amd64 || noasm

package kernel

func detect() tier { return portable }

// None of the functions below is ever called.

func multiplyPairs(*int16, uintptr, *int16, uintptr, *int32, *int32, uintptr) {
	panic("kernel: no assembly")
}

func widen(*int16, *int8, uintptr) {
	panic("kernel: no assembly")
}

func packColumnPairs(*int16, *int8, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func packRowPairs(*int16, *int8, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func rowMax(*int32, uintptr) int32 {
	panic("kernel: no assembly")
}

func numerators(*int16, *int32, uintptr, *int32, int32, uint32, int64, int64, uint64, int32) int32 {
	panic("kernel: no assembly")
}

func lookupAVX2(*int8, *[256]int8, uintptr) {
	panic("kernel: no assembly")
}

func multiplyReals(*float64, uintptr, *float64, uintptr, *float64, uintptr) {
	panic("kernel: no assembly")
}

func peakPairs(uintptr) {
	panic("kernel: no assembly")
}

func multiplyQuads64(*uint8, uintptr, *int8, uintptr, uintptr, *int32, *int32, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func multiplyQuads16(*uint8, uintptr, *int8, uintptr, uintptr, *int32, *int32, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func unsign(*uint8, *int8, uintptr, uintptr, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func packColumnQuads(*int8, *int8, uintptr, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func packRowQuads(*int8, *int8, uintptr, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func correct(*int32, *int32, *int8, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func softmaxRows(*uint8, *int32, *[320]uint8, *int64, uintptr, uintptr, uintptr, uintptr, uint32, int64,
	int64, uint64, int32) {
	panic("kernel: no assembly")
}

func gatherRow(*int8, *uint8, *[256]int8, *[64]uint8, uintptr, uintptr, uintptr, uintptr) {
	panic("kernel: no assembly")
}

func lookupAVX512(*int8, *[256]int8, uintptr) {
	panic("kernel: no assembly")
}

func peakQuads(uintptr) {
	panic("kernel: no assembly")
}

func requantizeCodesAVX2(*int8, *int32, *uint32, uintptr, uintptr, uintptr, uintptr, int64, uint64,
	int32, int32, int32) {
	panic("kernel: no assembly")
}

func requantizeValuesAVX2(*int32, *int32, *uint32, uintptr, uintptr, uintptr, uintptr, int64, uint64,
	int32, int32, int32) {
	panic("kernel: no assembly")
}

func requantizeAddAVX2(*int32, *int32, *uint32, uintptr, uintptr, uintptr, uintptr, int64, uint64,
	int32, int32, int32) {
	panic("kernel: no assembly")
}

func scaleCodesAVX2(*int8, *int32, *int64, uintptr, uintptr, uintptr, uintptr, int64, uint64, int32, int32, int32) {
	panic("kernel: no assembly")
}

func rowSumsAVX2(*int32, uintptr) (s1 int64, s2 int64) {
	panic("kernel: no assembly")
}

func normalizeCodesAVX2(*int8, *int32, *int32, *int64, uintptr, int32, int64, uint64, int32, uint64, int32, int32) {
	panic("kernel: no assembly")
}

func normalizeValuesAVX2(*int32, *int32, *int32, *int64, uintptr, int32, int64, uint64, int32, uint64, int32, int32) {
	panic("kernel: no assembly")
}

func requantizeCodesAVX512(*int8, *int32, *uint32, uintptr, uintptr, uintptr, uintptr, int64, uint64,
	int32, int32, int32) {
	panic("kernel: no assembly")
}

func requantizeValuesAVX512(*int32, *int32, *uint32, uintptr, uintptr, uintptr, uintptr, int64, uint64,
	int32, int32, int32) {
	panic("kernel: no assembly")
}

func requantizeAddAVX512(*int32, *int32, *uint32, uintptr, uintptr, uintptr, uintptr, int64, uint64,
	int32, int32, int32) {
	panic("kernel: no assembly")
}

func scaleCodesAVX512(*int8, *int32, *int64, uintptr, uintptr, uintptr, uintptr, int64, uint64, int32, int32, int32) {
	panic("kernel: no assembly")
}

func rowSumsAVX512(*int32, uintptr) (s1 int64, s2 int64) {
	panic("kernel: no assembly")
}

func normalizeCodesAVX512(*int8, *int32, *int32, *int64, uintptr, int32, int64, uint64, int32, uint64, int32, int32) {
	panic("kernel: no assembly")
}

func normalizeValuesAVX512(*int32, *int32, *int32, *int64, uintptr, int32, int64, uint64, int32, uint64, int32, int32) {
	panic("kernel: no assembly")
}
