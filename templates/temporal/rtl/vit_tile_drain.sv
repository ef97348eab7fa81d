// Walks the finished tiles of one matmul after the other, VECTOR_COLUMNS columns (a group) a cycle, in the
// feeder's order, and says where each group goes.
<%- if gt .ValueParts 1 %> A word of the V buffer holds TK tokens
// of a channel, VALUE_PARTS row tiles of them, each a part of the word. Logits leave one column a pass.
//
//   address = base + m*stride + n*nstep + group               (rows of groups)
//           = base + m*stride + n*nstep + group / (TK/VECTOR_COLUMNS)     (packed words)
//           = base + m/VALUE_PARTS*stride + n*nstep                 (V words)
<%- else %> A group may take several passes: the V buffer's
// words hold TK tokens of a channel, so a pass moves TK of the columns' TM tokens; logits leave
// one column a pass.
//
//   address = base + m*stride + n*nstep + group               (rows of groups)
//           = base + m*stride + n*nstep + group / (TK/VECTOR_COLUMNS)     (packed words)
//           = base + (m*passes + pass)*stride + n*nstep       (V words)
<%- end %>
//
// As in the feeder, what a tile, a tile column and the op need next waits in registers: tiles come two cycles
// apart at least, and the next op's settings a cycle before they are needed.
module vit_tile_drain #(
  parameter ADDR_BITS        = 16,  // [bits] address of a buffer
  parameter VECTOR_COLUMNS   = 1,   // [columns] of a group: those that leave the array in a cycle
  parameter WORD_GROUPS_LOG2 = 1,   // [log2] groups of columns in a word of TK columns
<%- if gt .ValueParts 1 %>
  parameter VALUE_PARTS      = 2,   // [row tiles] in a word of V: TK/TM
<%- else %>
  parameter VALUE_PASSES     = 4,   // [passes] of a group into the V buffer: TM/TK
<%- end %>
  parameter KEY_ROW_TILES    = 1    // [row tiles] in a row of the K buffer: TN/TM, at least 1
) (
  input  wire                 aclk,
  input  wire                 aresetn,
  // The op; changes in the cycle after its last column.
  input  wire [15:0]          mt_1,                   // row tiles, less one
  input  wire [15:0]          groups_full_1, groups_last_1, // of a full and of the last tile column, less one
  input  wire [7:0]           count_last,             // columns in the last of them
  input  wire [15:0]          place,                  // of the first group: -1 for each that belongs to another head
  input  wire                 to_values,              // destination: V buffer
  input  wire                 to_keys,                // destination: K buffer
  input  wire                 packed_words,           // destination takes packed words
  input  wire                 from_weights,
  input  wire [ADDR_BITS-1:0] base, stride, nstep,
  input  wire [ADDR_BITS-1:0] tile_step,               // from a row tile's address to the next one's
<%- if .Windowed %>
  input  wire [7:0]           window_tiles_1, next_window_tiles_1,  // a window's K and V begin in their own word
<%- end %>
  // The op behind it, a cycle at least before it takes its place with `load`.
  input  wire                 load,
  input  wire [15:0]          next_mt_1, next_nt_1, next_groups_full_1, next_groups_last_1, next_place,
<%- if gt .ValueParts 1 %>
  input  wire                 next_to_logits,
<%- else %>
  input  wire                 next_to_values, next_to_logits,
<%- end %>
  input  wire [ADDR_BITS-1:0] next_base, next_nstep, next_tile_step,
  // From and to the array.
  input  wire                 tile_valid,
  output wire                 tile_shift,
  // The group at the array's output in this cycle.
  output wire                 op_first,               // first of the op
  output wire                 col_valid,
  output wire [7:0]           col_number,             // of the group, within the tile
  output wire [7:0]           col_pass,
  output wire [7:0]           col_count,              // columns of the op in it
  output wire [7:0]           col_key_bank,<% if gt .ValueParts 1 %>           // or the part of a V word<% end %>
  output wire [15:0]          col_row,                // row tile
  output wire                 col_first_tile,         // of tile column 0
  output wire                 col_first,              // first of its tile
  output wire                 col_last,               // last of its tile
  output wire                 col_end,                // last of the op
  output wire                 tile_free,              // the weights of tile column n are done with
  // Its address, two cycles later.
  output reg  [ADDR_BITS-1:0] col_addr
);
<%- if gt .ValueParts 1 %>
  wire [7:0] next_passes = next_to_logits ? VECTOR_COLUMNS[7:0] : 8'd1;  // of a group
<%- else %>
  wire [7:0] next_passes = next_to_values ? VALUE_PASSES[7:0] : next_to_logits ? VECTOR_COLUMNS[7:0]
                         : 8'd1;  // of a group
<%- end %>

  // What follows from the next op's settings, and from this op's.
  reg                 next_one_row, next_two_rows, next_one_column, next_two_columns;
  reg                 next_one_full, next_one_last, next_one_pass;
<%- if .Windowed %>
  reg                 next_one_tile, one_tile;
<%- end %>
  reg [ADDR_BITS-1:0] next_second_row;
  reg                 one_row, two_rows, one_full, one_last, one_pass;
  reg [7:0]           passes_2;
  reg [ADDR_BITS-1:0] second_row;
  always @(posedge aclk) begin
    next_one_row     <= next_mt_1 == 16'd0;
    next_two_rows    <= next_mt_1 == 16'd1;
    next_one_column  <= next_nt_1 == 16'd0;
    next_two_columns <= next_nt_1 == 16'd1;
    next_one_full    <= next_groups_full_1 == 16'd0;
    next_one_last    <= next_groups_last_1 == 16'd0;
    next_one_pass    <= next_passes == 8'd1;
    next_second_row  <= next_base + next_tile_step;
<%- if .Windowed %>
    next_one_tile    <= next_window_tiles_1 == 8'd0;
    if (load) one_tile <= next_one_tile;
<%- end %>
    if (load) begin
      one_row    <= next_one_row;
      two_rows   <= next_two_rows;
      one_full   <= next_one_full;
      one_last   <= next_one_last;
      one_pass   <= next_one_pass;
      passes_2   <= next_passes - 8'd2;
      second_row <= next_second_row;
    end
  end

  reg                  active, fresh;                 // fresh: at the op's first group
  reg  [15:0]          m, rows_left, columns_left, groups_left, place_now;
  reg  [7:0]           group, pass_number, key_bank;
  reg                  first_n, last_m, second_m, last_n, second_n, last_group, last_pass;
  reg  [ADDR_BITS-1:0] row, row_next, pass, tile_col, tile_col_next;

  wire        on       = tile_valid || active;
  wire        end_tile = on && last_pass && last_group;
  wire        end_col  = end_tile && last_m;
  wire        last_n_next = last_m ? second_n : last_n;  // the next tile is of the last tile column
<%- if .Windowed %>
  reg  [7:0]  window_left;                            // row tiles of the window behind this one
  reg         last_tile;                              // of the window
<%- end %>
<%- if gt .ValueParts 1 %>
  wire        end_rows = to_keys ? key_bank == KEY_ROW_TILES - 1<% if .Windowed %> || last_tile<% end %>
                       : !to_values || key_bank == VALUE_PARTS - 1<% if .Windowed %> || last_tile<% end %>;
<%- else %>
  wire        end_rows = !to_keys || key_bank == KEY_ROW_TILES - 1<% if .Windowed %> || last_tile<% end %>;
<%- end %>

  assign tile_shift     = on && last_pass;
  assign op_first       = on && fresh;
  assign col_valid      = on && !place_now[15];
  assign col_number     = group;
  assign col_pass       = pass_number;
  assign col_count      = last_n && last_group ? count_last : VECTOR_COLUMNS[7:0];
  assign col_key_bank   = key_bank;
  assign col_row        = m;
  assign col_first_tile = first_n;
  assign col_first      = group == 8'd0;
  assign col_last       = last_group;
  assign col_end        = end_col && last_n;
  assign tile_free      = end_col && from_weights;

  always @(posedge aclk) begin
    if (!aresetn) begin
      active <= 1'b0;
      fresh  <= 1'b1;
    end else begin
      active <= on && !end_tile;
      fresh  <= load || (fresh && !on);
    end

    if (load) begin
      m             <= 16'd0;
      rows_left     <= next_mt_1;
      last_m        <= next_one_row;
      second_m      <= next_two_rows;
      columns_left  <= next_nt_1;
      first_n       <= 1'b1;
      last_n        <= next_one_column;
      second_n      <= next_two_columns;
      group         <= 8'd0;
      place_now     <= next_place;
      groups_left   <= next_one_column ? next_groups_last_1 : next_groups_full_1;
      last_group    <= next_one_column ? next_one_last : next_one_full;
      pass_number   <= 8'd0;
      last_pass     <= next_one_pass;
      key_bank      <= 8'd0;
<%- if .Windowed %>
      window_left   <= next_window_tiles_1;
      last_tile     <= next_one_tile;
<%- end %>
      pass          <= {ADDR_BITS{1'b0}};
      row           <= next_base;
      row_next      <= next_second_row;
      tile_col      <= {ADDR_BITS{1'b0}};
      tile_col_next <= next_nstep;
    end else if (on) begin
      pass_number <= last_pass ? 8'd0 : pass_number + 8'd1;
      last_pass   <= one_pass || (!last_pass && pass_number == passes_2);
      pass        <= last_pass ? {ADDR_BITS{1'b0}} : pass + stride;
      if (end_tile) begin
        group       <= 8'd0;
        place_now   <= place;
        groups_left <= last_n_next ? groups_last_1 : groups_full_1;
        last_group  <= last_n_next ? one_last : one_full;
        m           <= last_m ? 16'd0 : m + 16'd1;
        rows_left   <= last_m ? mt_1 : rows_left - 16'd1;
        last_m      <= last_m ? one_row : second_m;
        second_m    <= last_m ? two_rows : rows_left == 16'd2;
        key_bank    <= last_m || end_rows ? 8'd0 : key_bank + 8'd1;
<%- if .Windowed %>
        window_left <= last_m || last_tile ? window_tiles_1 : window_left - 8'd1;
        last_tile   <= last_m || last_tile ? one_tile : window_left == 8'd1;
<%- end %>
        if (last_m) begin
          row           <= base;
          row_next      <= second_row;
          columns_left  <= columns_left - 16'd1;
          first_n       <= 1'b0;
          last_n        <= second_n;
          second_n      <= columns_left == 16'd2;
          tile_col      <= tile_col_next;
          tile_col_next <= tile_col_next + nstep;
        end else if (end_rows) begin
          row      <= row_next;
          row_next <= row_next + tile_step;
        end
      end else if (last_pass) begin
        group       <= group + 8'd1;
        place_now   <= place_now + 16'd1;
        groups_left <= groups_left - 16'd1;
        last_group  <= groups_left == 16'd1;
      end
    end
  end

  // Addresses take two cycles, which the columns take longer anyway.
  reg [ADDR_BITS-1:0] tile_addr, group_addr;
  always @(posedge aclk) begin
    tile_addr  <= row + tile_col;
    group_addr <= to_values ? pass : packed_words ? place_now[ADDR_BITS-1:0] >> WORD_GROUPS_LOG2
                : place_now[ADDR_BITS-1:0];
    col_addr   <= tile_addr + group_addr;
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (tile_valid && active) begin
        $display("%m: a tile comes while one drains");
        $stop;
      end
      if (load && on && !col_end) begin
        $display("%m: the op changes in front of its last column");
        $stop;
      end
      if (on && m > mt_1) begin
        $display("%m: a row tile past the op's last");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (VECTOR_COLUMNS < 1 || VECTOR_COLUMNS > 128) begin : gen_refused_VECTOR_COLUMNS_is_not_1_to_128
      vit_tile_drain_VECTOR_COLUMNS_is_not_1_to_128 u_refused ();
    end
  endgenerate
endmodule
