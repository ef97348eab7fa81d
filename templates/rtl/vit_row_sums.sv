// Sums of the residual stream's rows, for the LayerNorm that follows: while the columns of a
// residual add leave, TM tokens x VC channels a cycle,
//
//   s1 = sum x,  s2 = sum x^2   over all channels of a token.
//
// Tiles come in the array's order (all row tiles of a tile column, then the next tile column), so
// a row tile's sums rest in a memory between its tiles. They are complete three cycles after
// the last column.
module vit_row_sums #(
  parameter LANES = 8,       // tokens of a row tile
  parameter VC    = 1,       // channels a cycle
  parameter ROWS  = 3,       // row tiles
  parameter ROWW  = 2,
  parameter RB    = 16,      // bits of the residual stream, signed
  parameter S1W   = 22,
  parameter S2W   = 37
) (
  input  wire                  aclk,
  input  wire                  in_valid,
  input  wire                  in_first_tile,  // of the row tile: the sums start anew
  input  wire                  in_first,       // first columns of a tile
  input  wire                  in_last,        // last columns of a tile
  input  wire [ROWW-1:0]       in_row,
  input  wire [VC*LANES*RB-1:0] in_x,          // column v, token r at v*LANES + r
  // The sums of a row tile; combinational.
  input  wire [ROWW-1:0]       row,
  input  wire                  reading,
  output wire [LANES*S1W-1:0]  s1,
  output wire [LANES*S2W-1:0]  s2
);
  reg             valid1, start1, load1, last1, valid2, start2, load2, last2;
  reg  [ROWW-1:0] row1, row2;
  always @(posedge aclk) begin
    valid1 <= in_valid;
    start1 <= in_first && in_first_tile;
    load1  <= in_first && ROWS > 1;            // one row tile: the sums are still there
    last1  <= in_last;
    row1   <= in_row;
    {valid2, start2, load2, last2, row2} <= {valid1, start1, load1, last1, row1};
  end

  localparam W = LANES * (S1W + S2W);
  (* ram_style = "distributed" *) reg [W-1:0] kept [0:ROWS-1];
  wire [W-1:0] rest = kept[reading ? row : row2];
  wire [W-1:0] total;
  reg  [W-1:0] running;
  always @(posedge aclk) begin
    if (valid2) running <= total;
    if (valid2 && last2) kept[row2] <= total;
  end

  genvar g, h;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      wire [VC*RB-1:0]         x1;             // a channel each, and its square
      wire [VC*(2*RB-1)-1:0]   square1;
      for (h = 0; h < VC; h = h + 1) begin : gen_channel
        wire signed [RB-1:0]   x = in_x[(h*LANES + g)*RB +: RB];
        reg         [RB-1:0]   kept_x;
        reg         [2*RB-2:0] square;
        /* verilator lint_off UNUSED */        // a square has no sign
        wire signed [2*RB-1:0] xx = x * x;
        /* verilator lint_on UNUSED */
        always @(posedge aclk) begin
          kept_x <= x;
          square <= xx[2*RB-2:0];
        end
        assign x1[h*RB +: RB] = kept_x;
        assign square1[h*(2*RB-1) +: 2*RB-1] = square;
      end
      reg [S1W-1:0] x2, sum;                   // of the VC channels
      reg [S2W-1:0] square2, squares;
      integer v;
      always @* begin
        sum     = {S1W{1'b0}};
        squares = {S2W{1'b0}};
        for (v = 0; v < VC; v = v + 1) begin
          sum     = sum + {{(S1W-RB){x1[v*RB + RB-1]}}, x1[v*RB +: RB]};
          squares = squares + {{(S2W-2*RB+1){1'b0}}, square1[v*(2*RB-1) +: 2*RB-1]};
        end
      end
      always @(posedge aclk) begin
        x2      <= sum;
        square2 <= squares;
      end
      wire [S1W-1:0] from1 = start2 ? {S1W{1'b0}} : load2 ? rest[g*S1W +: S1W] : running[g*S1W +: S1W];
      wire [S2W-1:0] from2 = start2 ? {S2W{1'b0}}
                           : load2 ? rest[LANES*S1W + g*S2W +: S2W] : running[LANES*S1W + g*S2W +: S2W];
      assign total[g*S1W +: S1W]             = from1 + x2;
      assign total[LANES*S1W + g*S2W +: S2W] = from2 + square2;
    end
  endgenerate
  assign s1 = rest[LANES*S1W-1:0];
  assign s2 = rest[W-1:LANES*S1W];
endmodule
