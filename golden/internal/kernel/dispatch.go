package kernel

// The assembly of the active tier, where two tiers have the same function. Strides of
// results are in bytes, those of accumulators in values.

func requantizeCodes(dst *int8, acc *int32, m *uint32, rows, n, dstStride, accStride int, s *scaling) {
	f := requantizeCodesAVX2
	if active == vnni {
		f = requantizeCodesAVX512
	}
	f(dst, acc, m, uintptr(rows), uintptr(n), uintptr(dstStride), uintptr(4*accStride), s.vround, uint64(s.shift), int32(s.vzero), int32(s.low), int32(s.high))
}

func requantizeAdd(dst, acc *int32, m *uint32, rows, n, dstStride, accStride int, s *scaling) {
	f := requantizeAddAVX2
	if active == vnni {
		f = requantizeAddAVX512
	}
	f(dst, acc, m, uintptr(rows), uintptr(n), uintptr(dstStride), uintptr(4*accStride), s.vround, uint64(s.shift), int32(s.vzero), int32(s.low), int32(s.high))
}

func requantizeValues(dst, acc *int32, m *uint32, rows, n, dstStride, accStride int, s *scaling) {
	f := requantizeValuesAVX2
	if active == vnni {
		f = requantizeValuesAVX512
	}
	f(dst, acc, m, uintptr(rows), uintptr(n), uintptr(dstStride), uintptr(4*accStride), s.vround, uint64(s.shift), int32(s.vzero), int32(s.low), int32(s.high))
}

func scaleCodes(dst *int8, acc *int32, m *int64, rows, n, dstStride, accStride int, s *scaling) {
	f := scaleCodesAVX2
	if active == vnni {
		f = scaleCodesAVX512
	}
	f(dst, acc, m, uintptr(rows), uintptr(n), uintptr(dstStride), uintptr(4*accStride), s.vround, uint64(s.shift), int32(s.vzero), int32(s.low), int32(s.high))
}

func rowSums(x *int32, n int) (s1, s2 int64) {
	if active == vnni {
		return rowSumsAVX512(x, uintptr(n))
	}
	return rowSumsAVX2(x, uintptr(n))
}

func normalize(dst *int8, x *int32, whole int, root int32, round int64, n *Norm) {
	g, b, count, shift, sg := &n.g[0], &n.halves[0], uintptr(whole), uint64(n.k-10), uint64(n.sg)
	if active == vnni {
		normalizeAVX512(dst, x, g, b, count, root, round, shift, sg, int32(n.low), int32(n.high))
	} else {
		normalizeAVX2(dst, x, g, b, count, root, round, shift, int32(n.vzero), sg, int32(n.low), int32(n.high))
	}
}
