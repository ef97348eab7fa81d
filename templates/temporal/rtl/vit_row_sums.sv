// Sums of the residual stream's rows, for the LayerNorm that follows: while the columns of a
// residual add leave, TM tokens x VECTOR_COLUMNS channels a cycle,
//
//   s1 = sum x,  s2 = sum x^2   over all channels of a token.
//
// Tiles come in the array's order (all row tiles of a tile column, then the next tile column), so
// a row tile's sums rest in a memory between its tiles. They are complete 4 + log2(VECTOR_COLUMNS) cycles after the
// last column: three for the square, one for each level of the sum over the VECTOR_COLUMNS channels, one to be added.
module vit_row_sums #(
  parameter LANES           = 8,   // [lanes] tokens of a row tile
  parameter VECTOR_COLUMNS  = 1,   // [columns] of a group: those that leave the array in a cycle
  parameter ROW_TILES       = 3,   // [row tiles] of an image
  parameter ROW_INDEX_BITS  = 2,   // [bits] number of a row tile
  parameter RESIDUAL_BITS   = 16,  // [bits] residual stream, signed
  parameter SUM_BITS        = 22,  // [bits] sum of a row's channels, signed
  parameter SQUARE_SUM_BITS = 37   // [bits] sum of their squares, unsigned
) (
  input  wire                             aclk,
  input  wire                             in_valid,
  input  wire                             in_first_tile,      // of the row tile: the sums start anew
  input  wire                             in_first,           // first columns of a tile
  input  wire                             in_last,            // last columns of a tile
  input  wire [ROW_INDEX_BITS-1:0]        in_row,
  input  wire [VECTOR_COLUMNS*LANES*RESIDUAL_BITS-1:0] in_x,  // column v, token r at v*LANES + r
  // The sums of a row tile, a cycle after they are asked for.
  input  wire [ROW_INDEX_BITS-1:0]        row,
  input  wire                             reading,
  output wire [LANES*SUM_BITS-1:0]        s1,
  output wire [LANES*SQUARE_SUM_BITS-1:0] s2
);
  localparam LEVELS      = $clog2(VECTOR_COLUMNS);
  localparam ADD_CYCLES  = 3 + LEVELS;                        // cycles to the addition
  localparam TRAVEL_BITS = ROW_INDEX_BITS + 4;
  reg  [ADD_CYCLES*TRAVEL_BITS-1:0] travels;
  wire                              valid, fresh, load, last;
  wire [ROW_INDEX_BITS-1:0]         row_in, row_ahead;
  always @(posedge aclk)                                      // one row tile: the sums are still there
    travels <= {travels[(ADD_CYCLES-1)*TRAVEL_BITS-1:0], in_valid, in_first && in_first_tile,
                in_first && ROW_TILES > 1, in_last, in_row};
  assign {valid, fresh, load, last, row_in} = travels[(ADD_CYCLES-1)*TRAVEL_BITS +: TRAVEL_BITS];
  assign row_ahead = travels[(ADD_CYCLES-2)*TRAVEL_BITS +: ROW_INDEX_BITS];

  localparam TILE_BITS = LANES * (SUM_BITS + SQUARE_SUM_BITS);
  (* ram_style = "distributed" *) reg [TILE_BITS-1:0] kept [0:ROW_TILES-1];
  reg  [TILE_BITS-1:0] rest, running;
  wire [TILE_BITS-1:0] total;
  always @(posedge aclk) begin
    rest <= kept[reading ? row : row_ahead];
    if (valid) running <= total;
    if (valid && last) kept[row_in] <= total;
  end

  genvar g, h, l;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      // Sums of 1, 2, 4 .. channels, level by level, and of their squares.
      wire [SUM_BITS-1:0]        group1;
      wire [SQUARE_SUM_BITS-1:0] group2;
      for (l = 0; l <= LEVELS; l = l + 1) begin : gen_level
        wire [(VECTOR_COLUMNS >> l)*SUM_BITS-1:0]        sum;
        wire [(VECTOR_COLUMNS >> l)*SQUARE_SUM_BITS-1:0] squares;
        if (l == LEVELS) begin : gen_group
          assign group1 = sum;
          assign group2 = squares;
        end
        for (h = 0; h < VECTOR_COLUMNS >> l; h = h + 1) begin : gen_sum
          if (l == 0) begin : gen_channel
            wire signed [RESIDUAL_BITS-1:0]   x = in_x[(h*LANES + g)*RESIDUAL_BITS +: RESIDUAL_BITS];
            reg         [3*RESIDUAL_BITS-1:0] waits;
            /* verilator lint_off UNUSED */    // a square has no sign
            wire        [2*RESIDUAL_BITS-1:0] xx;
            /* verilator lint_on UNUSED */
            vit_multiply #(.A_BITS(RESIDUAL_BITS), .B_BITS(RESIDUAL_BITS)) u_square (.aclk(aclk), .a(x), .b(x), .p(xx));
            always @(posedge aclk) waits <= {waits[2*RESIDUAL_BITS-1:0], x};
            assign sum[h*SUM_BITS +: SUM_BITS] =
                {{(SUM_BITS-RESIDUAL_BITS){waits[3*RESIDUAL_BITS-1]}}, waits[2*RESIDUAL_BITS +: RESIDUAL_BITS]};
            assign squares[h*SQUARE_SUM_BITS +: SQUARE_SUM_BITS] =
                {{(SQUARE_SUM_BITS-2*RESIDUAL_BITS+1){1'b0}}, xx[2*RESIDUAL_BITS-2:0]};
          end else begin : gen_pair
            reg [SUM_BITS-1:0]        sum_q;
            reg [SQUARE_SUM_BITS-1:0]         squares_q;
            always @(posedge aclk) begin
              sum_q     <= gen_level[l-1].sum[2*h*SUM_BITS +: SUM_BITS]
                         + gen_level[l-1].sum[(2*h + 1)*SUM_BITS +: SUM_BITS];
              squares_q <= gen_level[l-1].squares[2*h*SQUARE_SUM_BITS +: SQUARE_SUM_BITS]
                         + gen_level[l-1].squares[(2*h + 1)*SQUARE_SUM_BITS +: SQUARE_SUM_BITS];
            end
            assign sum[h*SUM_BITS +: SUM_BITS]                   = sum_q;
            assign squares[h*SQUARE_SUM_BITS +: SQUARE_SUM_BITS] = squares_q;
          end
        end
      end
      wire [SUM_BITS-1:0]        from1 = fresh ? {SUM_BITS{1'b0}} : load ? rest[g*SUM_BITS +: SUM_BITS]
                                       : running[g*SUM_BITS +: SUM_BITS];
      wire [SQUARE_SUM_BITS-1:0] from2 = fresh ? {SQUARE_SUM_BITS{1'b0}}
                                       : load ? rest[LANES*SUM_BITS + g*SQUARE_SUM_BITS +: SQUARE_SUM_BITS]
                                       : running[LANES*SUM_BITS + g*SQUARE_SUM_BITS +: SQUARE_SUM_BITS];
      assign total[g*SUM_BITS +: SUM_BITS]                                = from1 + group1;
      assign total[LANES*SUM_BITS + g*SQUARE_SUM_BITS +: SQUARE_SUM_BITS] = from2 + group2;
    end
  endgenerate
  assign s1 = rest[LANES*SUM_BITS-1:0];
  assign s2 = rest[TILE_BITS-1:LANES*SUM_BITS];

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (ROW_TILES > (1 << ROW_INDEX_BITS)) begin : gen_refused_ROW_TILES_needs_more_bits_than_ROW_INDEX_BITS
      vit_row_sums_ROW_TILES_needs_more_bits_than_ROW_INDEX_BITS u_refused ();
    end
    if ((VECTOR_COLUMNS & (VECTOR_COLUMNS - 1)) != 0) begin : gen_refused_VECTOR_COLUMNS_is_no_power_of_two
      vit_row_sums_VECTOR_COLUMNS_is_no_power_of_two u_refused ();
    end
  endgenerate
endmodule
