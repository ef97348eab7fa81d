package temporal

import "vitdse/hwmodel"

// boothProduct is the LUT6 count of a signed radix-4 Booth multiplier of operands of a and b bits
// (booth of vit_pe_array): a row of a+1 for each digit of b, less one for
// an odd b's last digit. Yosys 0.23 gave just this for 8x8, 4x4, 9x8, 9x12, 5x7, 3x3, 9x4 and 8x2.
func boothProduct(a, b int) int { return (a+1)*hwmodel.CeilDiv(b, 2) - b%2 }

// productLUTs is the LUT6 count of a signed multiplier, [narrow-2][wide-2], of 2 to 8 by 2 to
// 9 bits. Yosys 0.23 gave 3x2, 3x3, 4x4, 5x4, 5x5, 6x4, 6x6, 7x5, 7x7, 8x4, 8x8 and all with
// 9 (docs/RESOURCES.md); the others are interpolated along a row.
var productLUTs = [7][8]int{
	{4, 7, 9, 11, 13, 15, 17, 19},
	{0, 9, 15, 20, 25, 31, 36, 41},
	{0, 0, 26, 31, 42, 51, 61, 70},
	{0, 0, 0, 41, 49, 58, 67, 76},
	{0, 0, 0, 0, 83, 93, 103, 113},
	{0, 0, 0, 0, 0, 110, 123, 137},
	{0, 0, 0, 0, 0, 0, 160, 178},
}

// wideProductLUTs is the LUT6 count of 9 bits by 10 to 12, a weight with its group's multiplier.
// With less than 9 bits the row of productLUTs goes on as it ends (5 x 10, 5 x 12, 3 x 10 and
// 3 x 12 were within one).
var wideProductLUTs = [3]int{222, 240, 265}
