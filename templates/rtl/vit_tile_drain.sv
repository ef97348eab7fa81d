// Walks the finished tiles of one matmul after the other, VC columns (a group) a cycle, in the
// feeder's order, and says where each group goes.
<%- if gt .ValueParts 1 %> A word of the V buffer holds TK tokens
// of a channel, VROWS row tiles of them, each a part of the word. Logits leave one column a pass.
//
//   address = base + m*stride + n*nstep + group               (rows of groups)
//           = base + m*stride + n*nstep + group / (TK/VC)     (packed words)
//           = base + m/VROWS*stride + n*nstep                 (V words)
<%- else %> A group may take several passes: the V buffer's
// words hold TK tokens of a channel, so a pass moves TK of the columns' TM tokens; logits leave
// one column a pass.
//
//   address = base + m*stride + n*nstep + group               (rows of groups)
//           = base + m*stride + n*nstep + group / (TK/VC)     (packed words)
//           = base + (m*passes + pass)*stride + n*nstep       (V words)
<%- end %>
module vit_tile_drain #(
  parameter AW    = 16,
  parameter VC    = 1,        // columns of a group
  parameter GPL   = 1,        // log2(TK/VC)
<%- if gt .ValueParts 1 %>
  parameter VROWS = 2,        // row tiles a V buffer word spans: TK / TM
<%- else %>
  parameter VPASS = 4,        // passes of a group into the V buffer: TM / TK
<%- end %>
  parameter KROWS = 1         // row tiles a K buffer row spans (TN/TM, at least 1)
) (
  input  wire           aclk,
  input  wire           aresetn,
  // The op; changes in the cycle after its last column.
  input  wire [15:0]    mt, nt,
  input  wire [15:0]    groups_full, groups_last,     // of a full and of the last tile column
  input  wire [7:0]     count_last,                   // columns in the last of them
  input  wire [15:0]    skip,                         // leading groups that belong to other heads
  input  wire           to_values,                    // destination: V buffer
  input  wire           to_keys,                      // destination: K buffer
  input  wire           to_logits,
  input  wire           packed_words,                 // destination takes packed words
  input  wire           from_weights,
  input  wire [AW-1:0]  base, stride, nstep,
  // From and to the array.
  input  wire           tile_valid,
  output wire           tile_shift,
  // The group at the array's output in this cycle.
  output wire           op_first,                     // first of the op
  output wire           col_valid,
  output wire [7:0]     col_number,                   // of the group, within the tile
  output wire [7:0]     col_pass,
  output wire [7:0]     col_count,                    // columns of the op in it
  output wire [AW-1:0]  col_addr,
  output wire [7:0]     col_key_bank,<% if gt .ValueParts 1 %>                 // or the part of a V word<% end %>
  output wire [15:0]    col_row,                      // row tile
  output wire           col_first_tile,               // of tile column 0
  output wire           col_first,                    // first of its tile
  output wire           col_last,                     // last of its tile
  output wire           col_end,                      // last of the op
  output wire           tile_free                     // the weights of tile column n are done with
);
  reg           active, fresh;                        // fresh: at the op's first group
  reg  [15:0]   m, n, group;
  reg  [7:0]    pass_number, key_bank;
  reg  [AW-1:0] row, pass, tile_col;

  wire        on        = tile_valid || active;
  wire        last_n    = n == nt - 16'd1;
  wire        last_m    = m == mt - 16'd1;
<%- if gt .ValueParts 1 %>
  wire [7:0]  passes    = to_logits ? VC[7:0] : 8'd1;
<%- else %>
  wire [7:0]  passes    = to_values ? VPASS[7:0] : to_logits ? VC[7:0] : 8'd1;
<%- end %>
  wire        last_pass = pass_number == passes - 8'd1;
  wire [15:0] groups    = last_n ? groups_last : groups_full;
  wire        last_group = group == groups - 16'd1;
  wire        end_tile  = on && last_pass && last_group;
<%- if gt .ValueParts 1 %>
  wire        end_rows  = to_keys ? key_bank == KROWS - 1 : !to_values || key_bank == VROWS - 1;
<%- else %>
  wire        end_keys  = !to_keys || key_bank == KROWS - 1;
<%- end %>
  wire [15:0] place     = group - skip;
  wire [AW-1:0] row_now = fresh ? base : row;

  assign tile_shift     = on && last_pass;
  assign op_first       = on && fresh;
  assign col_valid      = on && group >= skip;
  assign col_number     = group[7:0];
  assign col_pass       = pass_number;
  assign col_count      = last_n && last_group ? count_last : VC[7:0];
  assign col_key_bank   = key_bank;
  assign col_row        = m;
  assign col_first_tile = n == 16'd0;
  assign col_first      = group == 16'd0;
  assign col_last       = last_group;
  assign col_end        = end_tile && last_m && last_n;
  assign tile_free      = end_tile && last_m && from_weights;
  assign col_addr       = row_now + tile_col + (to_values ? pass : packed_words ? place[AW-1:0] >> GPL : place[AW-1:0]);

  always @(posedge aclk) begin
    if (!aresetn) begin
      active      <= 1'b0;
      fresh       <= 1'b1;
      m           <= 16'd0;
      n           <= 16'd0;
      group       <= 16'd0;
      pass_number <= 8'd0;
      key_bank    <= 8'd0;
      pass        <= {AW{1'b0}};
      tile_col    <= {AW{1'b0}};
    end else begin
      active <= on && !end_tile;
      if (on) begin
        fresh       <= col_end;
        row         <= row_now;
        pass_number <= last_pass ? 8'd0 : pass_number + 8'd1;
        pass        <= last_pass ? {AW{1'b0}} : pass + stride;
        if (last_pass) group <= last_group ? 16'd0 : group + 16'd1;
        if (end_tile) begin
          m        <= last_m ? 16'd0 : m + 16'd1;
<%- if gt .ValueParts 1 %>
          key_bank <= last_m || end_rows ? 8'd0 : key_bank + 8'd1;
          if (last_m)        row <= base;
          else if (end_rows) row <= row_now + stride;
<%- else %>
          key_bank <= last_m || end_keys ? 8'd0 : key_bank + 8'd1;
          if (last_m)         row <= base;
          else if (to_values) row <= row_now + pass + stride;
          else if (end_keys)  row <= row_now + stride;
<%- end %>
          if (last_m) begin
            n        <= last_n ? 16'd0 : n + 16'd1;
            tile_col <= last_n ? {AW{1'b0}} : tile_col + nstep;
          end
        end
      end
    end
  end
endmodule
