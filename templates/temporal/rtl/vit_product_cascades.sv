// The products of a PE array (vit_pe_array), those of a PE summed in a cascade of DSPs. For synthesis
// alone: a simulator is given the same sums as arithmetic.
//
//   sums[c][r] = sum over k of  in_a[k][r] * in_b[k][c]
//
// Every SUM_STEP products the sum has a register: operands of product k wait k / SUM_STEP cycles, for all PEs of
// a row or column at once. Sums are there TK / SUM_STEP + 2 cycles after their operands.
`ifdef SYNTHESIS
module vit_product_cascades #(
  parameter TM       = 8,  // [tokens] rows of a tile
  parameter TN       = 8,  // [channels] columns of a tile
  parameter TK       = 4,  // [products] that a PE sums in a cycle
  parameter A_BITS   = 9,  // [bits] operand a, signed
  parameter B_BITS   = 8,  // [bits] operand b, signed
  parameter SUM_STEP = 2,  // [products] that DSPs sum from register to register of a cascade; 0: LUTs add up
  parameter SUM_BITS = 19  // [bits] a sum, signed
) (
  input  wire                      aclk,
  input  wire [TK*TM*A_BITS-1:0]   in_a,  // element (k, r) at k*TM + r
  input  wire [TK*TN*B_BITS-1:0]   in_b,  // element (k, c) at k*TN + c
  output wire [TM*TN*SUM_BITS-1:0] sums   // (c, r) at c*TM + r
);
  wire [TK*TM*A_BITS-1:0] late_a;
  wire [TK*TN*B_BITS-1:0] late_b;
  genvar s, r, c, k;
  generate
    for (s = 0; s < TK / SUM_STEP; s = s + 1) begin : gen_stage
      localparam A = SUM_STEP*TM*A_BITS, B = SUM_STEP*TN*B_BITS;  // bits of the operands of a stage
      if (s == 0) begin : gen_first
        assign late_a[0 +: A] = in_a[0 +: A];
        assign late_b[0 +: B] = in_b[0 +: B];
      end else begin : gen_late
        reg [s*A-1:0] wait_a;
        reg [s*B-1:0] wait_b;
        always @(posedge aclk) begin
          wait_a <= {wait_a, in_a[s*A +: A]};
          wait_b <= {wait_b, in_b[s*B +: B]};
        end
        assign late_a[s*A +: A] = wait_a[(s-1)*A +: A];
        assign late_b[s*B +: B] = wait_b[(s-1)*B +: B];
      end
    end

    for (c = 0; c < TN; c = c + 1) begin : gen_column
      for (r = 0; r < TM; r = r + 1) begin : gen_row
        wire [TK*A_BITS-1:0] a;
        wire [TK*B_BITS-1:0] b;
        for (k = 0; k < TK; k = k + 1) begin : gen_operand
          assign a[k*A_BITS +: A_BITS] = late_a[(k*TM + r)*A_BITS +: A_BITS];
          assign b[k*B_BITS +: B_BITS] = late_b[(k*TN + c)*B_BITS +: B_BITS];
        end
        vit_dsp_cascade #(.PRODUCTS(TK), .A_BITS(A_BITS), .B_BITS(B_BITS), .SUM_BITS(SUM_BITS),
                          .SUM_STEP(SUM_STEP)) u_cascade (
          .aclk(aclk), .a(a), .b(b), .sum(sums[(c*TM + r)*SUM_BITS +: SUM_BITS])
        );
      end
    end
  endgenerate
endmodule
`endif
