// Sums of the residual stream's rows, for the LayerNorm that follows: while the columns of a
// residual add leave, TM tokens x VC channels a cycle,
//
//   s1 = sum x,  s2 = sum x^2   over all channels of a token.
//
// Tiles come in the array's order (all row tiles of a tile column, then the next tile column), so
// a row tile's sums rest in a memory between its tiles. They are complete 4 + log2(VC) cycles after the last
// column: three for the square, one for each level of the sum over the VC channels, one to be added.
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
  // The sums of a row tile, a cycle after they are asked for.
  input  wire [ROWW-1:0]       row,
  input  wire                  reading,
  output wire [LANES*S1W-1:0]  s1,
  output wire [LANES*S2W-1:0]  s2
);
  localparam LEVELS = $clog2(VC);
  localparam S      = 3 + LEVELS;              // cycles to the addition
  localparam TW     = ROWW + 4;
  reg  [S*TW-1:0] travels;
  wire            valid, fresh, load, last;
  wire [ROWW-1:0] row_in, row_ahead;
  always @(posedge aclk)                       // one row tile: the sums are still there
    travels <= {travels[(S-1)*TW-1:0], in_valid, in_first && in_first_tile, in_first && ROWS > 1, in_last, in_row};
  assign {valid, fresh, load, last, row_in} = travels[(S-1)*TW +: TW];
  assign row_ahead = travels[(S-2)*TW +: ROWW];

  localparam W = LANES * (S1W + S2W);
  (* ram_style = "distributed" *) reg [W-1:0] kept [0:ROWS-1];
  reg  [W-1:0] rest, running;
  wire [W-1:0] total;
  always @(posedge aclk) begin
    rest <= kept[reading ? row : row_ahead];
    if (valid) running <= total;
    if (valid && last) kept[row_in] <= total;
  end

  genvar g, h, l;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      // Sums of 1, 2, 4 .. channels, level by level, and of their squares.
      wire [S1W-1:0] group1;
      wire [S2W-1:0] group2;
      for (l = 0; l <= LEVELS; l = l + 1) begin : gen_level
        wire [(VC >> l)*S1W-1:0] sum;
        wire [(VC >> l)*S2W-1:0] squares;
        if (l == LEVELS) begin : gen_group
          assign group1 = sum;
          assign group2 = squares;
        end
        for (h = 0; h < VC >> l; h = h + 1) begin : gen_sum
          if (l == 0) begin : gen_channel
            wire signed [RB-1:0]   x = in_x[(h*LANES + g)*RB +: RB];
            reg         [3*RB-1:0] waits;
            /* verilator lint_off UNUSED */    // a square has no sign
            wire        [2*RB-1:0] xx;
            /* verilator lint_on UNUSED */
            vit_multiply #(.AW(RB), .BW(RB)) u_square (.aclk(aclk), .a(x), .b(x), .p(xx));
            always @(posedge aclk) waits <= {waits[2*RB-1:0], x};
            assign sum[h*S1W +: S1W]     = {{(S1W-RB){waits[3*RB-1]}}, waits[2*RB +: RB]};
            assign squares[h*S2W +: S2W] = {{(S2W-2*RB+1){1'b0}}, xx[2*RB-2:0]};
          end else begin : gen_pair
            reg [S1W-1:0] sum_q;
            reg [S2W-1:0] squares_q;
            always @(posedge aclk) begin
              sum_q     <= gen_level[l-1].sum[2*h*S1W +: S1W] + gen_level[l-1].sum[(2*h + 1)*S1W +: S1W];
              squares_q <= gen_level[l-1].squares[2*h*S2W +: S2W] + gen_level[l-1].squares[(2*h + 1)*S2W +: S2W];
            end
            assign sum[h*S1W +: S1W]     = sum_q;
            assign squares[h*S2W +: S2W] = squares_q;
          end
        end
      end
      wire [S1W-1:0] from1 = fresh ? {S1W{1'b0}} : load ? rest[g*S1W +: S1W] : running[g*S1W +: S1W];
      wire [S2W-1:0] from2 = fresh ? {S2W{1'b0}}
                           : load ? rest[LANES*S1W + g*S2W +: S2W] : running[LANES*S1W + g*S2W +: S2W];
      assign total[g*S1W +: S1W]             = from1 + group1;
      assign total[LANES*S1W + g*S2W +: S2W] = from2 + group2;
    end
  endgenerate
  assign s1 = rest[LANES*S1W-1:0];
  assign s2 = rest[W-1:LANES*S1W];

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (ROWS > (1 << ROWW)) begin : gen_refused_ROWS_needs_more_bits_than_ROWW
      vit_row_sums_ROWS_needs_more_bits_than_ROWW u_refused ();
    end
    if ((VC & (VC - 1)) != 0) begin : gen_refused_VC_is_no_power_of_two
      vit_row_sums_VC_is_no_power_of_two u_refused ();
    end
  endgenerate
endmodule
