// Walks the finished tiles of one matmul column by column, in the feeder's order, and says
// where each column goes. SUB > 1 passes of a column write the V buffer, whose words hold TK
// tokens of one channel: a pass moves TK of the column's TM tokens.
//
//   address = base + m*stride + n*nstep + column        (rows of columns)
//           = base + m*stride + n*nstep + column / TK   (packed words)
//           = base + (m*SUB + sub)*stride + n*nstep     (V words)
module vit_tile_drain #(
  parameter AW    = 16,
  parameter TKL   = 1,        // log2(TK)
  parameter SUB   = 4,        // TM / TK
  parameter KROWS = 1         // row tiles a K buffer row spans (TN/TM, at least 1)
) (
  input  wire           aclk,
  input  wire           aresetn,
  input  wire           start,
  input  wire [15:0]    mt, nt,
  input  wire [15:0]    columns_full, columns_last,   // columns of a full and the last tile column
  input  wire [15:0]    skip,                         // leading columns that belong to other heads
  input  wire           to_values,                    // destination: V buffer
  input  wire           to_keys,                      // destination: K buffer
  input  wire           packed_words,                 // destination takes packed words
  input  wire           from_weights,
  input  wire [AW-1:0]  base, stride, nstep,
  // From and to the array.
  input  wire           tile_valid,
  output wire           tile_shift,
  // The column at the array's output in this cycle.
  output wire           col_valid,
  output wire [7:0]     col_number,                   // within the tile
  output wire [7:0]     col_sub,
  output wire [AW-1:0]  col_addr,
  output wire [7:0]     col_key_bank,
  output wire           col_first_rows,               // row tile 0
  output wire           col_end,                      // last of the op
  output wire           tile_free                     // the weights of tile column n are done with
);
  reg           active;
  reg  [15:0]   m, n, column;
  reg  [7:0]    sub, key_bank;
  reg  [AW-1:0] row, pass, tile_col;

  wire        on        = tile_valid || active;
  wire        last_n    = n == nt - 16'd1;
  wire        last_m    = m == mt - 16'd1;
  wire        last_sub  = !to_values || {24'd0, sub} == SUB - 1;
  wire [15:0] columns   = last_n ? columns_last : columns_full;
  wire        last_col  = column == columns - 16'd1;
  wire        end_tile  = on && last_sub && last_col;
  wire        end_keys  = !to_keys || key_bank == KROWS - 1;
  wire [15:0] place     = column - skip;

  assign tile_shift     = on && last_sub;
  assign col_valid      = on && column >= skip;
  assign col_number     = column[7:0];
  assign col_sub        = sub;
  assign col_key_bank   = key_bank;
  assign col_first_rows = m == 16'd0;
  assign col_end        = end_tile && last_m && last_n;
  assign tile_free      = end_tile && last_m && from_weights;
  assign col_addr       = row + tile_col + (to_values ? pass : packed_words ? place[AW-1:0] >> TKL : place[AW-1:0]);

  always @(posedge aclk) begin
    if (!aresetn) active <= 1'b0;
    else          active <= on && !end_tile;
    if (start) begin
      m        <= 16'd0;
      n        <= 16'd0;
      column   <= 16'd0;
      sub      <= 8'd0;
      key_bank <= 8'd0;
      row      <= base;
      pass     <= {AW{1'b0}};
      tile_col <= {AW{1'b0}};
    end else if (on) begin
      sub    <= last_sub ? 8'd0 : sub + 8'd1;
      pass   <= last_sub ? {AW{1'b0}} : pass + stride;
      if (last_sub) column <= last_col ? 16'd0 : column + 16'd1;
      if (end_tile) begin
        m        <= last_m ? 16'd0 : m + 16'd1;
        key_bank <= last_m || end_keys ? 8'd0 : key_bank + 8'd1;
        if (last_m)        row <= base;
        else if (to_values) row <= row + pass + stride;
        else if (end_keys)  row <= row + stride;
        if (last_m) begin
          n        <= n + 16'd1;
          tile_col <= tile_col + nstep;
        end
      end
    end
  end
endmodule
