// Takes the read stream apart: walks the list of segments (loads.mem), assembles bus beats
// into words and hands each word to the buffer it is for, ahead of the sequencer.
//
// A segment starts when its buffer is free; words then take BEATS cycles each, back to back,
// as long as beats are there. The list begins with the image and starts over for each of `images`
// images. An image after the first is loaded ahead, with the list of the one before it: in front of
// segment AHEAD_SEGMENTS, where the array has the least need of the bus.
<%- if .GroupBits %>
// In front of each group of a tile's words comes a word with the multipliers of its channels.
<%- end %>
module vit_stream_loader #(
  parameter BUS_BITS           = 64,   // [bits] data of the bus
  parameter STREAM_WORD_BITS   = 128,  // [bits] widest word of the stream, a multiple of BUS_BITS
  parameter SEGMENTS           = 8,    // [segments] of the read stream
  parameter SEGMENT_INDEX_BITS = 3,    // [bits] number of a segment
  parameter AHEAD_SEGMENTS     = 4,    // [segments] before the next image is loaded
<%- if .GroupBits %>
  parameter MULTIPLIER_BEATS   = 1,    // [beats] of the stream with a group's multipliers
<%- end %>
  parameter WEIGHT_BANKS       = 2     // [banks] of weights: 1, 2 or 4
) (
  input  wire                        aclk,
  input  wire                        aresetn,
  input  wire                        start,
  input  wire [31:0]                 images,
  // Beats from the read FIFO.
  input  wire                        beat_valid,
  input  wire [BUS_BITS-1:0]         beat,
  output wire                        beat_ready,
  // Words, in cycle with their strobe. index counts within the segment (within the tile).
  output reg  [STREAM_WORD_BITS-1:0] word,
  output reg  [15:0]                 word_index,
  output reg                         image_we,
  output reg                         pos_we,
  output reg                         norm_we,
  output reg                         gelu_we,
<%- if .Windowed %>
  output reg                         bias_we,
  output reg                         bias_bank,
  output reg                         bias_loaded,   // a head's
  input  wire                        bias_free,
<%- end %>
  output reg                         param_we,
  output reg                         weight_we,
  output wire [2:0]                  weight_format, // index of the weights' bit-width
<%- if .GroupBits %>
  output wire                        weight_in_group,
  output reg                         multiplier_we,
<%- end %>
  output reg  [1:0]                  weight_bank,
  // A buffer is full, in the cycle after its last word's strobe at the earliest.
  output reg                         image_loaded,
  output reg                         pos_loaded,
  output reg                         norm_loaded,
  output reg                         gelu_loaded,
  output reg                         tile_loaded,
  // Buffers given back by the sequencer.
  input  wire                        image_free,
  input  wire                        pos_free,
  input  wire                        norm_free,
  input  wire                        gelu_free,
  input  wire                        tile_free
);
  // Segment kinds.
  localparam [2:0] IMAGE = 3'd0, POS = 3'd1, NORM = 3'd2, GELU = 3'd3, TILES = 3'd4;
<%- if .Windowed %>
  localparam [2:0] BIAS = 3'd5;
<%- end %>

  // kind 3, tiles 16, params 16, words 16, beats of a param 8, beats of a word 8, format 3; of what is counted
  // one less than there are
<%- if .GroupBits %>, words of a group 16<% end %>
  reg  [<% .LoadHigh %>:0]     list [0:SEGMENTS-1];
  initial $readmemh("loads.mem", list);
  reg  [<% .LoadHigh %>:0]     seg;
  reg  [SEGMENT_INDEX_BITS-1:0] pc;
  always @(posedge aclk) seg <= list[pc];
  wire [2:0]  kind        = seg[2:0];
  wire [15:0] tiles_1       = seg[18:3];
  wire [15:0] params_1      = seg[34:19];
  wire [15:0] words_1       = seg[50:35];
  wire [7:0]  param_beats_1 = seg[58:51];
  wire [7:0]  word_beats_1  = seg[66:59];
  assign weight_format    = seg[69:67];
<%- if .GroupBits %>
  wire [15:0] group_words = seg[85:70];
  assign weight_in_group  = group_words != 16'd0;
<%- end %>

  // Buffers in use: taken when their segment starts, given back by *_free.
  reg       image_used, pos_used, norm_used, gelu_used;
<%- if .Windowed %>
  reg [1:0] bias_used;
<%- end %>
  localparam USED_BITS = WEIGHT_BANKS < 4 ? 2 : 3;
  localparam [1:0] LAST_BANK = {WEIGHT_BANKS == 4, WEIGHT_BANKS != 1};
  reg [USED_BITS-1:0] tiles_used;
  wire free = kind == IMAGE ? !image_used : kind == POS ? !pos_used : kind == NORM ? !norm_used
<%- if .Windowed %>
            : kind == BIAS ? !bias_used[1]    // two banks
<%- end %>
            : kind == GELU ? !gelu_used : tiles_used != WEIGHT_BANKS[USED_BITS-1:0];

  localparam [2:0] FETCH = 3'd0, DECODE = 3'd1, CLAIM = 3'd2, PARAMS = 3'd3, WORDS = 3'd4, BYTES = 3'd5
<%- if .GroupBits %>, MULTIPLIERS = 3'd6<% end %>;
  reg  [2:0]  state;
  reg  [15:0] index;
  reg  [7:0]  slice;
<%- if .Dynamic %>
  reg  [$clog2(BUS_BITS/16)-1:0] byte_index;   // of an entry, of 16 bits
<%- else %>
  reg  [$clog2(BUS_BITS/8)-1:0] byte_index;
<%- end %>
  reg  [15:0] tiles_left, words_left;
  reg         last_slice, last_index, last_tile;
  reg         one_param, one_word, one_param_beat, one_word_beat;
  reg  [7:0]  next_slice;                    // slice + 1
  wire        in_params  = state == PARAMS;
<%- if .GroupBits %>
  wire        in_mults   = state == MULTIPLIERS;
  localparam [31:0] MULTIPLIER_BEATS_1 = MULTIPLIER_BEATS - 1;
  wire [7:0]  beats_1    = in_params ? param_beats_1 : in_mults ? MULTIPLIER_BEATS_1[7:0] : word_beats_1;
  reg  [15:0] group_index;
  wire        group_done = group_index == group_words - 16'd1;
  wire        take       = beat_valid && (in_params || in_mults || state == WORDS);
  wire        mults_done = take && in_mults && last_slice;
  wire        word_done  = take && !in_mults && last_slice;
<%- else %>
  wire [7:0]  beats_1    = in_params ? param_beats_1 : word_beats_1;
  wire        take       = beat_valid && (in_params || state == WORDS);
  wire        word_done  = take && last_slice;
<%- end %>
  wire        part_done  = word_done && last_index;
  // GELU entries: a byte a cycle out of a beat that stays at the head of the FIFO.
  wire        byte_take  = state == BYTES && beat_valid;

  // What is left of the segment's tiles and of the tile's words, and whether the slice, the word and the tile are
  // the last: in registers, so that a beat's way through the three is short. What a segment begins with is known
  // when its buffer is claimed.
  always @(posedge aclk) begin
    one_param      <= params_1 == 16'd0;
    one_word       <= words_1 == 16'd0;
    one_param_beat <= param_beats_1 == 8'd0;
    one_word_beat  <= word_beats_1 == 8'd0;
    if (state == DECODE) begin
      tiles_left <= tiles_1;
      last_tile  <= tiles_1 == 16'd0;
    end else if (part_done && !in_params) begin
      tiles_left <= tiles_left - 16'd1;
      last_tile  <= tiles_left == 16'd1;
    end
    if (state == CLAIM) begin
      words_left <= kind == TILES ? params_1 : words_1;
      last_index <= kind == TILES ? one_param : one_word;
    end else if (part_done) begin            // of the parameters
      words_left <= words_1;
      last_index <= one_word;
    end else if (word_done || byte_take) begin
      words_left <= words_left - 16'd1;
      last_index <= words_left == 16'd1;
    end
    if (state == CLAIM) last_slice <= kind == TILES ? one_param_beat : one_word_beat;
<%- if .GroupBits %>
    else if (part_done)  last_slice <= weight_in_group ? MULTIPLIER_BEATS == 1 : one_word_beat;
    else if (mults_done) last_slice <= one_word_beat;
    else if (word_done)  last_slice <= in_params ? one_param_beat
                                     : weight_in_group && group_done ? MULTIPLIER_BEATS == 1 : one_word_beat;
<%- else %>
    else if (part_done) last_slice <= one_word_beat;
    else if (word_done) last_slice <= in_params ? one_param_beat : one_word_beat;
<%- end %>
    else if (take)      last_slice <= next_slice == beats_1;
  end
  wire        claim      = state == CLAIM && free;
  wire        beat_done  = byte_take && &byte_index;
  wire        bytes_done = byte_take && last_index;
  wire        seg_done   = bytes_done || (part_done && !in_params && last_tile);
  assign beat_ready = take || beat_done || bytes_done;

  // Segments in their order. Segment 0 is an image: this one's, or with `ahead` the next one's.
  reg  [31:0] number;                         // of the image that the list is walked for, from 1
  reg         ahead;
  wire        more     = number != images;
  localparam [31:0] LAST_SEGMENT = SEGMENTS - 1;
  wire        end_list = pc == LAST_SEGMENT[SEGMENT_INDEX_BITS-1:0];
  wire        look     = pc == AHEAD_SEGMENTS - 1 && more;
  always @(posedge aclk) begin
    if (!aresetn) begin
      pc    <= {SEGMENT_INDEX_BITS{1'b0}};
      ahead <= 1'b0;
    end else if (seg_done) begin
      ahead <= look;
      pc    <= look     ? {SEGMENT_INDEX_BITS{1'b0}}
             : ahead    ? AHEAD_SEGMENTS[SEGMENT_INDEX_BITS-1:0]
             : end_list ? {{(SEGMENT_INDEX_BITS-1){1'b0}}, more}
             :            pc + 1'b1;
    end
    if (start)                     number <= 32'd1;
    else if (seg_done && end_list) number <= number + 32'd1;
  end

  always @(posedge aclk) begin
    if (!aresetn) state <= FETCH;
    else case (state)
      FETCH:  state <= DECODE;
      DECODE: state <= CLAIM;
      CLAIM:  if (free) state <= kind == TILES ? PARAMS : kind == GELU ? BYTES : WORDS;
<%- if .GroupBits %>
      PARAMS: if (part_done) state <= weight_in_group ? MULTIPLIERS : WORDS;
      MULTIPLIERS: if (mults_done) state <= WORDS;
<%- else %>
      PARAMS: if (part_done) state <= WORDS;
<%- end %>
      WORDS:  if (part_done) state <= last_tile ? FETCH : CLAIM;
<%- if .GroupBits %>
              else if (word_done && weight_in_group && group_done) state <= MULTIPLIERS;
<%- end %>
      BYTES:  if (bytes_done) state <= FETCH;
      default: state <= FETCH;
    endcase
    if (state == CLAIM || part_done)              index <= 16'd0;
    else if (word_done || byte_take)              index <= index + 16'd1;
<%- if .GroupBits %>
    if (in_mults)                                 group_index <= 16'd0;
    else if (word_done)                           group_index <= group_index + 16'd1;
    if (state == CLAIM || word_done || mults_done) {next_slice, slice} <= {8'd1, 8'd0};
<%- else %>
    if (state == CLAIM || word_done)              {next_slice, slice} <= {8'd1, 8'd0};
<%- end %>
    else if (take)                                {next_slice, slice} <= {next_slice + 8'd1, next_slice};
    if (state == CLAIM)                           byte_index <= 0;
    else if (byte_take)                           byte_index <= byte_index + 1'b1;
  end

  always @(posedge aclk)
    if (!aresetn) begin
      {image_used, pos_used, norm_used, gelu_used} <= 4'd0;
      tiles_used  <= {USED_BITS{1'b0}};
<%- if .Windowed %>
      bias_used   <= 2'd0;
      bias_bank   <= 1'b1;
<%- end %>
      weight_bank <= LAST_BANK;
    end else begin
      image_used <= (image_used & ~image_free) | (claim && kind == IMAGE);
      pos_used   <= (pos_used   & ~pos_free)   | (claim && kind == POS);
      norm_used  <= (norm_used  & ~norm_free)  | (claim && kind == NORM);
      gelu_used  <= (gelu_used  & ~gelu_free)  | (claim && kind == GELU);
<%- if .Windowed %>
      bias_used  <= bias_used + {1'b0, claim && kind == BIAS} - {1'b0, bias_free};
      if (claim && kind == BIAS) bias_bank <= ~bias_bank;
<%- end %>
      tiles_used <= tiles_used + {{(USED_BITS-1){1'b0}}, claim && kind == TILES} - {{(USED_BITS-1){1'b0}}, tile_free};
      if (claim && kind == TILES) weight_bank <= (weight_bank + 2'd1) & LAST_BANK;
    end
<%- if .GroupBits %>

  reg tile_done;
<%- end %>

  integer i;
  always @(posedge aclk) begin
    if (take)
      for (i = 0; i < STREAM_WORD_BITS/BUS_BITS; i = i + 1)
        if (slice == i[7:0]) word[i*BUS_BITS +: BUS_BITS] <= beat;
<%- if .Dynamic %>
    if (byte_take) word[15:0] <= beat[{byte_index, 4'd0} +: 16];
<%- else %>
    if (byte_take) word[7:0] <= beat[{byte_index, 3'd0} +: 8];
<%- end %>
    word_index   <= index;
    image_we     <= word_done && kind == IMAGE;
    pos_we       <= word_done && kind == POS;
    norm_we      <= word_done && kind == NORM;
    gelu_we      <= byte_take;
<%- if .Windowed %>
    bias_we      <= word_done && kind == BIAS;
    bias_loaded  <= seg_done && kind == BIAS;
<%- end %>
    param_we     <= word_done && in_params;
    weight_we    <= word_done && kind == TILES && !in_params;
<%- if .GroupBits %>
    multiplier_we <= mults_done;
<%- end %>
    image_loaded <= seg_done && kind == IMAGE;
    pos_loaded   <= seg_done && kind == POS;
    norm_loaded  <= seg_done && kind == NORM;
    gelu_loaded  <= seg_done && kind == GELU;
<%- if .GroupBits %>
    // Words are multiplied on their way, a cycle late: a tile of one word is read as soon as it is there.
    tile_done    <= part_done && kind == TILES && !in_params && one_word;
    tile_loaded  <= tile_done || (part_done && kind == TILES && !in_params && !one_word);
<%- else %>
    tile_loaded  <= part_done && kind == TILES && !in_params;
<%- end %>
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (pc >= SEGMENTS) begin
        $display("%m: a segment past the last");
        $stop;
      end
      if (tile_free && tiles_used == {USED_BITS{1'b0}}) begin
        $display("%m: weights are given back that are not there");
        $stop;
      end
      if ((image_free && !image_used) || (norm_free && !norm_used)
          || (gelu_free && !gelu_used)) begin
        $display("%m: a buffer is given back that is not in use");
        $stop;
      end
<%- if .Windowed %>
      if (bias_free && bias_used == 2'd0) begin
        $display("%m: a head's biases are given back that are not there");
        $stop;
      end
<%- end %>
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (STREAM_WORD_BITS % BUS_BITS != 0) begin : gen_refused_STREAM_WORD_BITS_is_no_multiple_of_BUS_BITS
      vit_stream_loader_STREAM_WORD_BITS_is_no_multiple_of_BUS_BITS u_refused ();
    end
    if (SEGMENTS > (1 << SEGMENT_INDEX_BITS)) begin : gen_refused_SEGMENTS_needs_more_bits_than_SEGMENT_INDEX_BITS
      vit_stream_loader_SEGMENTS_needs_more_bits_than_SEGMENT_INDEX_BITS u_refused ();
    end
    if (AHEAD_SEGMENTS < 1 || AHEAD_SEGMENTS >= SEGMENTS) begin : gen_refused_AHEAD_SEGMENTS_is_not_within_SEGMENTS
      vit_stream_loader_AHEAD_SEGMENTS_is_not_within_SEGMENTS u_refused ();
    end
    if (WEIGHT_BANKS != 1 && WEIGHT_BANKS != 2 && WEIGHT_BANKS != 4) begin : gen_refused_WEIGHT_BANKS_is_not_1_2_or_4
      vit_stream_loader_WEIGHT_BANKS_is_not_1_2_or_4 u_refused ();
    end
  endgenerate
endmodule
