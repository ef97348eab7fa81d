// Where every group of columns is on its way from the array to a buffer, and which settings it meets there.
//
// The drain says where a group goes when it is at the head of the array. From there its number, its address and the
// settings of its op travel beside it, so that the next op's columns may follow at once. Each output has the name of
// the place at which the group is:
//
//   head_         in front of the array's output register
//   col_          behind it, 1 cycle later
//   shift, zero, bits   in the requantizer, 3, 6 and 7 cycles
//   scored_       a row tile's last scores are at the softmax, <% .Scored %> cycles
//   requantized_  behind the requantizer, <% .Requantized %> cycles
//   out_          at the buffers, <% .Out %> cycles
//   buffered_     in them, <% .Buffered %> cycles
//
// In a shift register of W bits a stage, the value of stage n lies at (n-1)*W.
module vit_output_stages #(
<% constants %>
) (
  input  wire                          aclk,
  input  wire                          aresetn,
  // The op whose columns leave, and the one behind it.
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCRIPTOR_BITS-1:0]    drain_desc, next_desc,
  /* verilator lint_on UNUSED */
  input  wire                          drain_load,
  output wire                          drain_done,            // the op's last columns leave the array
  output wire                          drained,               // and are in their buffer
  output wire                          tile_free, gelu_free,  // a bank of weights, and the GELU table, are done with
  // From and to the array.
  input  wire                          tile_valid,
  output wire                          tile_shift,
  output wire                          head_first,            // of the op
<%- if .Windowed %>
  output wire                          head_value,            // and that is a value product
<%- end %>
  output wire [7:0]                    head_number,           // of the group, within its tile
  output wire                          col_valid, col_end,    // a group; the op's last
  output wire [2:0]                    col_to,
  output wire                          col_per_lane,
<%- if .Windowed %>
  output wire [7:0]                    col_window_tiles_1, col_across_1, col_down_1,
<%- end %>
  output wire [7:0]                    score_count,           // columns of a group of scores, at the softmax
  output wire [15:0]                   scored_mul,
  output wire [5:0]                    scored_shift,
  output wire [27:0]                   scored_ch,
  output wire [5:0]                    shift,
  output wire [15:0]                   zero,
  output wire [4:0]                    bits,
  output wire [RESIDUAL_ADDR_BITS-1:0] add_addr,              // of the residual stream that is added two cycles behind
<%- if .SecondHead %>
  output wire [ADDR_BITS-1:0]          first_raddr,           // a cycle in front of the requantizer's output
  output wire [ADDR_BITS-1:0]          requantized_addr,
  output wire                          requantized_valid,
<%- end %>
  output wire [2:0]                    requantized_to,
  output wire                          requantized_prefix,    // the row tile begins with tokens in front of the patches
<%- if .PrefixTiles %>
  output wire                          requantized_prefix_tile, // it has no others
<%- end %>
<%- if .Windowed %>
  output wire                          requantized_fresh,     // the residual stream begins anew
<%- end %>
  output wire                          out_valid,
  output wire [2:0]                    out_to,
  output wire                          out_gelu,
<%- if .Dynamic %>
  output wire                          out_end,               // the op's last
<%- end %>
  output wire                          out_first_tile,        // of tile column 0
  output wire                          out_first, out_last,   // of its tile
  output wire [ROW_INDEX_BITS-1:0]     out_row,               // row tile
  output wire [ADDR_BITS-1:0]          out_addr,
  output wire [7:0]                    out_number, out_pass, out_count,
<%- if gt .ValueParts 1 %>
  output wire [7:0]                    out_value_part,        // of a V word
<%- end %>
  output wire [7:0]                    buffered_key_bank,
  output wire [2:0]                    buffered_to
);
<% fields "d_" "drain_desc" %>
<% fields "n_" "next_desc" %>

  wire                 first_tile, first, last, valid;
  wire [7:0]           pass, count, key_bank;
  /* verilator lint_off UNUSED */ // as many bits as there are row tiles
  wire [15:0]          row;
  /* verilator lint_on UNUSED */
  wire [ADDR_BITS-1:0] addr;                       // of the group two cycles before
  vit_tile_drain #(.ADDR_BITS(ADDR_BITS), .VECTOR_COLUMNS(VECTOR_COLUMNS), .WORD_GROUPS_LOG2(WORD_GROUPS_LOG2),
                   .KEY_ROW_TILES(KEY_BANKS),
                   <% if gt .ValueParts 1 %>.VALUE_PARTS(VALUE_PARTS)<% else %>.VALUE_PASSES(TM/TK)<% end %>) u_drain (
    .aclk(aclk), .aresetn(aresetn), .mt_1(d_mt_1), .groups_full_1(d_groups_full_1),
    .groups_last_1(d_groups_last_1), .count_last(d_count_last), .place(d_place),
    .to_values(d_to == TO_VALUES), .to_keys(d_to == TO_KEYS),
    .packed_words(d_to == TO_X || d_to == TO_Q || d_to == TO_KEYS), .from_weights(d_b_from == FROM_WEIGHTS),
    .base(d_base), .stride(d_stride), .nstep(d_nstep), .tile_step(d_tile_step),
<%- if .Windowed %>
    .window_tiles_1(d_window_tiles_1), .next_window_tiles_1(n_window_tiles_1),
<%- end %>
    .load(drain_load), .next_mt_1(n_mt_1), .next_nt_1(n_nt_1), .next_groups_full_1(n_groups_full_1),
    .next_groups_last_1(n_groups_last_1), .next_place(n_place),
<%- if not (gt .ValueParts 1) %>
    .next_to_values(n_to == TO_VALUES),
<%- end %>
    .next_to_logits(n_to == TO_LOGITS<% if .SecondHead %> || n_to == TO_SUM<% end %>), .next_base(n_base),
    .next_nstep(n_nstep), .next_tile_step(n_tile_step),
    .tile_valid(tile_valid), .tile_shift(tile_shift), .op_first(head_first), .col_valid(valid),
    .col_number(head_number), .col_pass(pass), .col_count(count), .col_addr(addr), .col_key_bank(key_bank),
    .col_row(row), .col_first_tile(first_tile), .col_first(first), .col_last(last), .col_end(drain_done),
    .tile_free(tile_free)
  );

  // The group.
  reg [OUT_CYCLES-1:0]                valids, ends, first_tiles, firsts, lasts;
  reg [OUT_CYCLES*8-1:0]              numbers, passes, counts;
  reg [BUFFERED_CYCLES*8-1:0]         key_banks;
  reg [OUT_CYCLES*ROW_INDEX_BITS-1:0] rows;
  reg [REQUANTIZED_CYCLES-1:0]        prefixes;
  reg [(OUT_CYCLES-2)*ADDR_BITS-1:0]  addrs;       // from stage 3 on: stage n at (n-3)*ADDR_BITS
  reg                                 ended;
<%- if .PrefixTiles %>
  reg [REQUANTIZED_CYCLES-1:0]        prefix_tiles;
<%- end %>
  always @(posedge aclk) begin
    valids      <= aresetn ? {valids[OUT_CYCLES-2:0], valid} : {OUT_CYCLES{1'b0}};
    ends        <= aresetn ? {ends[OUT_CYCLES-2:0], drain_done} : {OUT_CYCLES{1'b0}};
    ended       <= aresetn && ends[OUT_CYCLES-1];
    first_tiles <= {first_tiles[OUT_CYCLES-2:0], first_tile};
    firsts      <= {firsts[OUT_CYCLES-2:0], first};
    lasts       <= {lasts[OUT_CYCLES-2:0], last};
    numbers     <= {numbers[(OUT_CYCLES-1)*8-1:0], head_number};
    passes      <= {passes[(OUT_CYCLES-1)*8-1:0], pass};
    counts      <= {counts[(OUT_CYCLES-1)*8-1:0], count};
    key_banks   <= {key_banks[(BUFFERED_CYCLES-1)*8-1:0], key_bank};
    rows        <= {rows[(OUT_CYCLES-1)*ROW_INDEX_BITS-1:0], row[ROW_INDEX_BITS-1:0]};
    addrs       <= {addrs[(OUT_CYCLES-3)*ADDR_BITS-1:0], addr};
    prefixes    <= {prefixes[REQUANTIZED_CYCLES-2:0], row == 16'd<% .PrefixTiles %>};
<%- if .PrefixTiles %>
    prefix_tiles <= {prefix_tiles[REQUANTIZED_CYCLES-2:0], row < 16'd<% .PrefixTiles %>};
<%- end %>
  end
  assign drained        = ended;
<%- if .Windowed %>
  assign head_value     = head_first && d_per_lane;
<%- end %>
  assign col_valid      = valids[0];
  assign col_end        = ends[0];
  assign score_count    = counts[(SCORED_CYCLES-2)*8 +: 8];
  assign add_addr       = addrs[(REQUANTIZED_CYCLES-5)*ADDR_BITS +: RESIDUAL_ADDR_BITS];
<%- if .SecondHead %>
  assign first_raddr    = addrs[(REQUANTIZED_CYCLES-4)*ADDR_BITS +: ADDR_BITS];
  assign requantized_addr  = addrs[(REQUANTIZED_CYCLES-3)*ADDR_BITS +: ADDR_BITS];
  assign requantized_valid = valids[REQUANTIZED_CYCLES-1];
<%- end %>
  assign out_valid      = valids[OUT_CYCLES-1];
<%- if .Dynamic %>
  assign out_end        = ends[OUT_CYCLES-1];
<%- end %>
  assign out_first_tile = first_tiles[OUT_CYCLES-1];
  assign out_first      = firsts[OUT_CYCLES-1];
  assign out_last       = lasts[OUT_CYCLES-1];
  assign out_row        = rows[(OUT_CYCLES-1)*ROW_INDEX_BITS +: ROW_INDEX_BITS];
  assign out_addr       = addrs[(OUT_CYCLES-3)*ADDR_BITS +: ADDR_BITS];
  assign out_number     = numbers[(OUT_CYCLES-1)*8 +: 8];
  assign out_pass       = passes[(OUT_CYCLES-1)*8 +: 8];
  assign out_count      = counts[(OUT_CYCLES-1)*8 +: 8];
<%- if gt .ValueParts 1 %>
  assign out_value_part = key_banks[(OUT_CYCLES-1)*8 +: 8];
<%- end %>
  assign buffered_key_bank = key_banks[(BUFFERED_CYCLES-1)*8 +: 8];

  // The settings of its op, each as far as it is needed.
  reg [BUFFERED_CYCLES*3-1:0]  tos;
  reg [BUFFERED_CYCLES-1:0]    gelus;
  reg [REQUANTIZED_CYCLES-1:0] masks;
  reg                          per_lanes;
  reg [3*6-1:0]                shifts;
  reg [6*16-1:0]               zeros;
  reg [7*5-1:0]                widths;
  reg [SCORED_CYCLES*(16+6+28)-1:0] softmaxes;     // mul, shift and ch
<%- if .Windowed %>
  reg [REQUANTIZED_CYCLES-1:0] freshes;
  reg [3*8-1:0]                windows;            // row tiles, windows across and down, less one
<%- end %>
  always @(posedge aclk) begin
    tos       <= {tos[(BUFFERED_CYCLES-1)*3-1:0], d_to};
    gelus     <= {gelus[BUFFERED_CYCLES-2:0], d_gelu};
    masks     <= {masks[REQUANTIZED_CYCLES-2:0], d_mask};
    per_lanes <= d_per_lane;
    shifts    <= {shifts[2*6-1:0], d_shift};
    zeros     <= {zeros[5*16-1:0], d_zero};
    widths    <= {widths[6*5-1:0], d_bits};
    softmaxes <= {softmaxes[(SCORED_CYCLES-1)*(16+6+28)-1:0], d_sm_mul, d_sm_shift, d_sm_ch};
<%- if .Windowed %>
    freshes   <= {freshes[REQUANTIZED_CYCLES-2:0], d_fresh};
    windows   <= {d_window_tiles_1, d_across_1, d_down_1};
<%- end %>
  end
  assign col_to         = tos[0 +: 3];
  assign col_per_lane   = per_lanes;
  assign shift          = shifts[2*6 +: 6];
  assign zero           = zeros[5*16 +: 16];
  assign bits           = widths[6*5 +: 5];
  assign {scored_mul, scored_shift, scored_ch} = softmaxes[(SCORED_CYCLES-1)*(16+6+28) +: 16+6+28];
  assign requantized_to = tos[(REQUANTIZED_CYCLES-1)*3 +: 3];
  assign requantized_prefix = masks[REQUANTIZED_CYCLES-1] && prefixes[REQUANTIZED_CYCLES-1];
<%- if .PrefixTiles %>
  assign requantized_prefix_tile = masks[REQUANTIZED_CYCLES-1] && prefix_tiles[REQUANTIZED_CYCLES-1];
<%- end %>
<%- if .Windowed %>
  assign requantized_fresh = freshes[REQUANTIZED_CYCLES-1];
  assign {col_window_tiles_1, col_across_1, col_down_1} = windows;
<%- end %>
  assign out_to         = tos[(OUT_CYCLES-1)*3 +: 3];
  assign out_gelu       = gelus[OUT_CYCLES-1];
  assign buffered_to    = tos[(BUFFERED_CYCLES-1)*3 +: 3];
  assign gelu_free      = drained && gelus[BUFFERED_CYCLES-1];
endmodule
