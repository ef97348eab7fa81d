// The packed products of a PE array (vit_pe_array), groups of N along K summed in cascades of DSP48E2s.
// For synthesis alone: a simulator is given the same sums as arithmetic.
//
//   sums[g][pair][r] = sum over n of  packed_a[g*N + n][r] * packed_b[g*N + n][pair]
//
// PT tokens share a packed a operand, two columns a packed b operand. Sums are there N + 3 cycles after
// their operands: a register, in which operand n waits n cycles more than the first, and the DSPs.
`ifdef SYNTHESIS
module vit_packed_cascades #(
  parameter TM     = 8,
  parameter TN     = 8,
  parameter TK     = 4,
  parameter NA     = 9,      // bits of an a operand, signed
  parameter NB     = 8,      // bits of a b operand, signed
  parameter PT     = 1,      // a operands that are packed: 1 or 2
  parameter PSHIFT = 18,     // bits from one product to the next
  parameter N      = 4,      // DSPs of a cascade
  parameter SW     = 39      // bits of a sum, signed
) (
  input  wire                aclk,
  input  wire [TK*TM*NA-1:0] in_a,      // element (k, r) at k*TM + r
  input  wire [TK*TN*NB-1:0] in_b,      // element (k, c) at k*TN + c
  output wire [TK/N*(TN/2)*(TM/PT)*SW-1:0] sums  // (g, pair, r) at (g*TN/2 + pair)*TM/PT + r
);
  localparam ROWS  = TM / PT;
  localparam PAIRS = TN / 2;
  localparam AW    = PT == 1 ? NA : PSHIFT + NA + 1;
  localparam BW    = PT*PSHIFT + NB + 1;

  // Registers of all operands, so that no module names what is inside another generate block: the newest
  // Yosys takes such a name for an undeclared one.
  wire [TK*ROWS*AW-1:0]  rows;
  wire [TK*PAIRS*BW-1:0] pairs;
  genvar k, r, c, g, n;
  generate
    for (k = 0; k < TK; k = k + 1) begin : gen_operands
      wire [TM*NA-1:0] a;
      wire [TN*NB-1:0] b;
      if (k % N == 0) begin : gen_first
        assign a = in_a[k*TM*NA +: TM*NA];
        assign b = in_b[k*TN*NB +: TN*NB];
      end else begin : gen_late
        reg [k%N*TM*NA-1:0] wait_a;
        reg [k%N*TN*NB-1:0] wait_b;
        always @(posedge aclk) begin
          wait_a <= {wait_a, in_a[k*TM*NA +: TM*NA]};
          wait_b <= {wait_b, in_b[k*TN*NB +: TN*NB]};
        end
        assign a = wait_a[(k%N-1)*TM*NA +: TM*NA];
        assign b = wait_b[(k%N-1)*TN*NB +: TN*NB];
      end
      for (r = 0; r < ROWS; r = r + 1) begin : gen_a
        wire signed [NA-1:0] a0 = a[PT*r*NA +: NA], a1 = a[(PT*r + PT - 1)*NA +: NA];
        reg  signed [AW-1:0] packed_a;
        always @(posedge aclk) packed_a <= PT == 1 ? a0 : (a1 <<< PSHIFT) + a0;
        assign rows[(k*ROWS + r)*AW +: AW] = packed_a;
      end
      for (c = 0; c < PAIRS; c = c + 1) begin : gen_b
        wire signed [NB-1:0] b0 = b[2*c*NB +: NB], b1 = b[(2*c + 1)*NB +: NB];
        reg  signed [BW-1:0] packed_b;
        always @(posedge aclk) packed_b <= (b1 <<< (PT*PSHIFT)) + b0;
        assign pairs[(k*PAIRS + c)*BW +: BW] = packed_b;
      end
    end

    for (g = 0; g < TK/N; g = g + 1) begin : gen_group
      for (c = 0; c < PAIRS; c = c + 1) begin : gen_pair
        for (r = 0; r < ROWS; r = r + 1) begin : gen_row
          wire [N*AW-1:0] a;
          wire [N*BW-1:0] b;
          for (n = 0; n < N; n = n + 1) begin : gen_operand
            assign a[n*AW +: AW] = rows[((g*N + n)*ROWS + r)*AW +: AW];
            assign b[n*BW +: BW] = pairs[((g*N + n)*PAIRS + c)*BW +: BW];
          end
          vit_dsp_cascade #(.N(N), .AW(AW), .BW(BW), .SW(SW)) u_cascade (
            .aclk(aclk), .a(a), .b(b), .sum(sums[((g*PAIRS + c)*ROWS + r)*SW +: SW])
          );
        end
      end
    end
  endgenerate
endmodule
`endif
