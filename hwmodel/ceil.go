package hwmodel

import "math/bits"

// CeilDiv is ceil(a / b) for positive b.
func CeilDiv(a, b int) int { return (a + b - 1) / b }

// CeilLog2 is the number of bits that index n things: ceil(log2 n), 0 for n <= 1.
func CeilLog2(n int) int {
	if n <= 1 {
		return 0
	}
	return bits.Len(uint(n - 1))
}
