// PE array of two kinds of multipliers: the first TN - LC columns' are DSP blocks, the last LC
// columns' are LUTs. To its surroundings it is one vit_pe_array of TN columns.
//
// Both arrays take every beat and finish their tiles at once. The columns of the first leave, then
// those of the second.
module vit_mixed_array #(
  parameter TM     = 8,
  parameter TN     = 8,
  parameter LC     = 1,      // columns of LUT multipliers, a multiple of VC
  parameter TK     = 1,
  parameter VC     = 1,      // columns that leave in a cycle
  parameter NA     = 8,
  parameter NB     = 8,
  parameter ACCW   = 24,
  parameter PACK   = 1,      // of the DSP blocks, as PSHIFT and PGROUP
  parameter PSHIFT = 18,
  parameter PGROUP = 1,
  parameter CASCADE = 0,
  parameter LATE   = 0,      // of both
  parameter SUM_STEP = 0     // of the DSP blocks
) (
  input  wire                  aclk,
  input  wire                  aresetn,
  input  wire                  in_valid,
  input  wire                  in_first,
  input  wire                  in_last,
  input  wire [TK*TM*NA-1:0]   in_a,      // element (k, r) at k*TM + r
  input  wire [TK*TN*NB-1:0]   in_b,      // element (k, c) at k*TN + c
  output wire                  out_valid,
  input  wire                  out_shift,
  output wire [VC*TM*ACCW-1:0] out_col    // column v, token r at v*TM + r
);
  localparam HC     = TN - LC;            // columns of DSP blocks
  localparam GROUPS = HC / VC;            // that leave first
  localparam GW     = $clog2(GROUPS + 1);

  wire [TK*HC*NB-1:0] dsp_b;
  wire [TK*LC*NB-1:0] lut_b;
  genvar k;
  generate
    for (k = 0; k < TK; k = k + 1) begin : gen_b
      assign {lut_b[k*LC*NB +: LC*NB], dsp_b[k*HC*NB +: HC*NB]} = in_b[k*TN*NB +: TN*NB];
    end
  endgenerate

  // Groups of the first array that have left, from when a tile is finished.
  reg  [GW-1:0] left_q;
  wire [GW-1:0] left = out_valid ? {GW{1'b0}} : left_q;
  wire          emptied = left == GROUPS[GW-1:0];
  reg           from_lut;                 // out_col, as the arrays' own, is the head one cycle before
  always @(posedge aclk) begin
    left_q   <= out_shift && !emptied ? left + 1'b1 : left;
    from_lut <= emptied;
  end

  wire [VC*TM*ACCW-1:0] dsp_col, lut_col;
  assign out_col = from_lut ? lut_col : dsp_col;
  vit_pe_array #(.TM(TM), .TN(HC), .TK(TK), .VC(VC), .NA(NA), .NB(NB), .ACCW(ACCW),
                 .PACK(PACK), .PSHIFT(PSHIFT), .PGROUP(PGROUP), .CASCADE(CASCADE), .LATE(LATE),
                 .SUM_STEP(SUM_STEP), .USE_DSP("yes")) u_dsp (
    .aclk(aclk), .aresetn(aresetn), .in_valid(in_valid), .in_first(in_first), .in_last(in_last),
    .in_a(in_a), .in_b(dsp_b), .out_valid(out_valid), .out_shift(out_shift && !emptied), .out_col(dsp_col)
  );
  /* verilator lint_off PINCONNECTEMPTY */ // it is finished when the first is
  vit_pe_array #(.TM(TM), .TN(LC), .TK(TK), .VC(VC), .NA(NA), .NB(NB), .ACCW(ACCW), .LATE(LATE),
                 .BOOTH(1), .USE_DSP("no")) u_lut (
    .aclk(aclk), .aresetn(aresetn), .in_valid(in_valid), .in_first(in_first), .in_last(in_last),
    .in_a(in_a), .in_b(lut_b), .out_valid(), .out_shift(out_shift && emptied), .out_col(lut_col)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (LC < 1 || LC >= TN) begin : gen_refused_LC_is_not_within_TN
      vit_mixed_array_LC_is_not_within_TN u_refused ();
    end
    if (LC % VC != 0) begin : gen_refused_LC_is_no_multiple_of_VC
      vit_mixed_array_LC_is_no_multiple_of_VC u_refused ();
    end
  endgenerate
endmodule
