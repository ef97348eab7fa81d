// The products of a PE array (vit_pe_array), those of a PE summed in a cascade of DSPs. For synthesis
// alone: a simulator is given the same sums as arithmetic.
//
//   sums[c][r] = sum over k of  in_a[k][r] * in_b[k][c]
//
// Every STEP products the sum has a register: operands of product k wait k / STEP cycles, for all PEs of
// a row or column at once. Sums are there TK / STEP + 2 cycles after their operands.
`ifdef SYNTHESIS
module vit_product_cascades #(
  parameter TM   = 8,
  parameter TN   = 8,
  parameter TK   = 4,
  parameter NA   = 9,        // bits of an a operand, signed
  parameter NB   = 8,        // bits of a b operand, signed
  parameter STEP = 2,        // divides TK
  parameter SW   = 19        // bits of a sum, signed
) (
  input  wire                aclk,
  input  wire [TK*TM*NA-1:0] in_a,      // element (k, r) at k*TM + r
  input  wire [TK*TN*NB-1:0] in_b,      // element (k, c) at k*TN + c
  output wire [TM*TN*SW-1:0] sums       // (c, r) at c*TM + r
);
  wire [TK*TM*NA-1:0] late_a;
  wire [TK*TN*NB-1:0] late_b;
  genvar s, r, c, k;
  generate
    for (s = 0; s < TK / STEP; s = s + 1) begin : gen_stage
      localparam A = STEP*TM*NA, B = STEP*TN*NB;  // bits of the operands of a stage
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
        wire [TK*NA-1:0] a;
        wire [TK*NB-1:0] b;
        for (k = 0; k < TK; k = k + 1) begin : gen_operand
          assign a[k*NA +: NA] = late_a[(k*TM + r)*NA +: NA];
          assign b[k*NB +: NB] = late_b[(k*TN + c)*NB +: NB];
        end
        vit_dsp_cascade #(.N(TK), .AW(NA), .BW(NB), .SW(SW), .STEP(STEP)) u_cascade (
          .aclk(aclk), .a(a), .b(b), .sum(sums[(c*TM + r)*SW +: SW])
        );
      end
    end
  endgenerate
endmodule
`endif
