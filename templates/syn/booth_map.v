// Products of LUTs for Yosys: radix-4 Booth, a LUT6 and a carry cell for each bit of a digit's
// partial product and its sum. `techmap` puts one in place of each cell of type $__soft_mul.
//
//   y = a * sum over d of (b[2d-1] + b[2d] - 2*b[2d+1]) * 4^d
//
// A digit is -2..2; where it is negative its multiple of a is inverted and 1 is added, by a carry
// into a bit below the sum's.
(* techmap_celltype = "$__soft_mul" *)
module booth_product (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  input  [A_WIDTH-1:0] A;
  input  [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire _TECHMAP_FAIL_ = !A_SIGNED || !B_SIGNED || A_WIDTH < 2;
  localparam DIGITS = (B_WIDTH + 1) / 2;
  localparam W      = A_WIDTH + 2;          // bits of a sum
  wire [2*DIGITS:0]       b = {{2{B[B_WIDTH-1]}}, B, 1'b0};
  wire [W-1:0]            one = {{2{A[A_WIDTH-1]}}, A};
  wire [W-1:0]            two = {A[A_WIDTH-1], A, 1'b0};
  wire [(DIGITS+1)*W-1:0] rest;             // of the sum before each digit, what is not done
  wire [2*DIGITS+W-1:0]   product;
  assign rest[W-1:0] = {W{1'b0}};
  genvar d, i;
  generate
    for (d = 0; d < DIGITS; d = d + 1) begin : digit
      wire         negative = b[2*d+2];
      wire [W-1:0] multiple;
      for (i = 0; i < W; i = i + 1) begin : bits
        assign multiple[i] = negative ^ (b[2*d+1] != b[2*d] ? one[i] : b[2*d+2] != b[2*d+1] ? two[i] : 1'b0);
      end
      wire [W:0] sum = {rest[d*W +: W], negative} + {multiple, negative};
      assign product[2*d +: 2] = sum[2:1];
      assign rest[(d+1)*W +: W] = {{2{sum[W]}}, sum[W:3]};
    end
  endgenerate
  assign product[2*DIGITS +: W] = rest[DIGITS*W +: W];
  assign Y = $signed(product);
endmodule
