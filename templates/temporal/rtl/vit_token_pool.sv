<%- if .PoolStream -%>
// One row of all tokens from FIRST_TOKEN on, out of the residual stream, channel by channel:
<%- else -%>
// One row of all tokens from FIRST_TOKEN on, of the codes that a LayerNorm makes, channel by channel:
<%- end %>
//
<%- if .PoolMax %>
//   y = max_t x
<%- else %>
//   y = sat_bits( ((sum_t x + offset) * mul + half) >> SHIFT  +  zero )
<%- end %>
//
// Row tile by row tile VECTOR_COLUMNS channels x LANES tokens come a cycle; a tree makes one of the tokens, and the
// channels' sums (or maxima) rest in a memory between row tiles. When all have come, a channel leaves a cycle.
module vit_token_pool #(
  parameter LANES              = 8,   // [lanes] tokens of a row tile
  parameter VECTOR_COLUMNS     = 1,   // [columns] of a group: those that leave the array in a cycle
  parameter CHANNELS           = 64,  // [channels] of what is pooled
  parameter CHANNEL_INDEX_BITS = 6,   // [bits] number of a channel
  parameter GROUP_INDEX_BITS   = 6,   // [bits] number of a group of VECTOR_COLUMNS channels
  parameter ROW_TILES          = 3,   // [row tiles] of them
  parameter ROW_INDEX_BITS     = 2,   // [bits] number of a row tile
  parameter TOKENS             = 17,  // [tokens] of what is pooled
  parameter FIRST_TOKEN        = 1,   // [tokens] in front of the first that is pooled
  parameter TOKEN_BITS         = 8,   // [bits] what is pooled of a token, signed
  parameter SUM_BITS           = 16,  // [bits] sum of a channel with the offset, or its maximum, signed
<%- if .PoolStream %>
  parameter ADDR_BITS          = 16,  // [bits] address in the residual stream
<%- end %>
<%- if not .PoolMax %>
  parameter SHIFT              = 24,  // [bits] shift of the mean
  parameter MIN_SHIFT          = 24,  // [bits] of it that are wired
  parameter SHIFT_RANGE_BITS   = 1,   // [bits] of a shift beyond that
<%- end %>
  parameter OUT_BITS           = 8    // [bits] a result, signed
) (
  input  wire                                    aclk,
  input  wire                                    aresetn,
<%- if .PoolStream %>
  input  wire                                    start,
  // Residual stream, read latency 2.
  output wire                                    reading,
  output reg  [ADDR_BITS-1:0]                    res_addr,
  input  wire [VECTOR_COLUMNS*LANES*TOKEN_BITS-1:0] in_col,  // column v, token r at v*LANES + r
<%- else %>
  // The LayerNorm: where it starts, and its groups of columns of codes.
  input  wire                                    begin_rows,
  input  wire                                    in_valid,
  input  wire                                    in_last,  // of a row tile
  input  wire [GROUP_INDEX_BITS-1:0]             in_group,
  input  wire [VECTOR_COLUMNS*LANES*TOKEN_BITS-1:0] in_col,  // column v, token r at v*LANES + r
  // The row tile that comes has the first token that counts; it has such a token.
  output reg                                     opening,
  output reg                                     counted,
  input  wire                                    start,    // all have come
<%- end %>
<%- if not .PoolMax %>
  input  wire [15:0]                             mul,
  input  wire [SUM_BITS-1:0]                     offset,
  input  wire [15:0]                             zero,     // signed
  input  wire [4:0]                              bits,
<%- end %>
  output wire                                    out_valid,
  output wire                                    out_last,
  output wire [CHANNEL_INDEX_BITS-1:0]           out_channel,
  output wire [OUT_BITS-1:0]                     out_y,
  output reg                                     running   // up to the last result
);
  localparam GROUPS = CHANNELS / VECTOR_COLUMNS;
  localparam LEVELS = LANES > 1 ? $clog2(LANES) : 1;
  localparam SKIP   = FIRST_TOKEN % LANES;             // tokens of the opening row tile that do not count
  localparam REST   = TOKENS - LANES*(ROW_TILES - 1);  // tokens of the last one
  localparam [31:0] OPENS_1 = FIRST_TOKEN/LANES - 1, CLOSES_1 = ROW_TILES - 2, CHANNELS_2 = CHANNELS - 2,
                    SETTLED = LEVELS + 2;
<%- if .PoolStream %>
  localparam [31:0] GROUPS_2 = GROUPS - 2;
<%- end %>

  // The row tile that comes.
  reg [ROW_INDEX_BITS-1:0] tile;
<%- if .PoolStream %>
  reg                      opening, counted;
<%- end %>
  reg                      closing;
  wire                     tile_step;
<%- if .PoolStream %>
  wire                     tile_begin = start;
<%- else %>
  wire                     tile_begin = begin_rows;
<%- end %>
  always @(posedge aclk)
    if (tile_begin) begin
      tile    <= {ROW_INDEX_BITS{1'b0}};
      opening <= FIRST_TOKEN < LANES;
      counted <= FIRST_TOKEN < LANES;
      closing <= ROW_TILES == 1;
    end else if (tile_step) begin
      tile    <= tile + 1'b1;
      opening <= tile == OPENS_1[ROW_INDEX_BITS-1:0];
      counted <= counted || tile == OPENS_1[ROW_INDEX_BITS-1:0];
      closing <= tile == CLOSES_1[ROW_INDEX_BITS-1:0];
    end

  // What arrives: a group of columns, and of its row tile {closing, counted, opening}.
  localparam TRAVEL_BITS = GROUP_INDEX_BITS + 2;  // of what travels: {valid, fresh, group}
  wire                        valid0, opening0, counted0, closing0;
  wire [GROUP_INDEX_BITS-1:0] group0;
<%- if .PoolStream %>
  reg                         walking, last_group;
  reg  [GROUP_INDEX_BITS-1:0] group;
  reg  [2*(TRAVEL_BITS+2)-1:0] asked;             // a read takes two cycles
  assign reading   = walking;
  assign tile_step = walking && last_group;
  assign {valid0, opening0, counted0, closing0, group0} = asked[TRAVEL_BITS+2 +: TRAVEL_BITS+2];
  wire            walked = walking && last_group && closing;
  always @(posedge aclk) begin
    walking    <= aresetn && (start || (walking && !walked));
    group      <= walking && !last_group ? group + 1'b1 : {GROUP_INDEX_BITS{1'b0}};
    last_group <= GROUPS == 1 || (walking && !last_group && group == GROUPS_2[GROUP_INDEX_BITS-1:0]);
    res_addr   <= walking ? res_addr + {{(ADDR_BITS-1){1'b0}}, 1'b1} : {ADDR_BITS{1'b0}};
    asked      <= {asked[0 +: TRAVEL_BITS+2], walking, opening, counted, closing, group};
  end
<%- else %>
  wire            walked = start;
  assign tile_step = in_valid && in_last;
  assign {valid0, opening0, counted0, closing0, group0} = {in_valid, opening, counted, closing, in_group};
<%- end %>

  // Level by level, a cycle each. What is made of a row tile's tokens is there in stage LEVELS.
  reg  [LEVELS*TRAVEL_BITS-1:0]     travels;
  wire [(LEVELS+1)*TRAVEL_BITS-1:0] ways = {travels, valid0, opening0, group0};
  always @(posedge aclk) travels <= ways[LEVELS*TRAVEL_BITS-1:0];
  wire                        valid, fresh;
  wire [GROUP_INDEX_BITS-1:0] group_in;
  assign {valid, fresh, group_in} = ways[LEVELS*TRAVEL_BITS +: TRAVEL_BITS];
  wire [GROUP_INDEX_BITS-1:0] group_ahead = ways[(LEVELS-1)*TRAVEL_BITS +: GROUP_INDEX_BITS];

  (* ram_style = "distributed" *) reg [VECTOR_COLUMNS*SUM_BITS-1:0] kept [0:GROUPS-1];
  reg  [VECTOR_COLUMNS*SUM_BITS-1:0] rest, sums;
  wire [VECTOR_COLUMNS*SUM_BITS-1:0] total;
  reg                                draining;
  reg  [CHANNEL_INDEX_BITS-1:0]      channel;
  /* verilator lint_off UNUSED */
  wire [CHANNEL_INDEX_BITS-1:0]      drain_group = channel >> $clog2(VECTOR_COLUMNS);
  /* verilator lint_on UNUSED */
  always @(posedge aclk) begin
    rest <= kept[draining ? drain_group[GROUP_INDEX_BITS-1:0] : group_ahead];
    if (valid) begin
      sums           <= total;
      kept[group_in] <= total;
    end
  end

  genvar g, h, l;
  generate
    for (h = 0; h < VECTOR_COLUMNS; h = h + 1) begin : gen_channel
      for (l = 0; l <= LEVELS; l = l + 1) begin : gen_level
        localparam VALUES = LANES >> l > 0 ? LANES >> l : 1;
        /* verilator lint_off UNUSED */      // copies of the sign
        wire [VALUES*SUM_BITS-1:0] value;
        /* verilator lint_on UNUSED */
        for (g = 0; g < VALUES; g = g + 1) begin : gen_value
          if (l == 0) begin : gen_token
            wire               on = counted0 && !(opening0 && g < SKIP) && !(closing0 && g >= REST);
            wire [TOKEN_BITS-1:0] x  = in_col[(h*LANES + g)*TOKEN_BITS +: TOKEN_BITS];
<%- if .PoolMax %>
            assign value[g*SUM_BITS +: SUM_BITS] = on ? x : {1'b1, {(SUM_BITS-1){1'b0}}};
<%- else %>
            assign value[g*SUM_BITS +: SUM_BITS] = on ? {{(SUM_BITS-TOKEN_BITS){x[TOKEN_BITS-1]}}, x} : {SUM_BITS{1'b0}};
<%- end %>
          end else if (LANES == 1) begin : gen_single
            reg [SUM_BITS-1:0] value_q;
            always @(posedge aclk) value_q <= gen_level[0].value;
            assign value = value_q;
          end else begin : gen_pair
            // As many bits as so many tokens may need; synthesis finds the others to be copies of the sign.
<%- if .PoolMax %>
            localparam LEVEL_BITS = SUM_BITS;
<%- else %>
            localparam LEVEL_BITS = TOKEN_BITS + l < SUM_BITS ? TOKEN_BITS + l : SUM_BITS;
<%- end %>
            wire signed [LEVEL_BITS-1:0] a = gen_level[l-1].value[2*g*SUM_BITS +: LEVEL_BITS];
            wire signed [LEVEL_BITS-1:0] b = gen_level[l-1].value[(2*g + 1)*SUM_BITS +: LEVEL_BITS];
            reg         [LEVEL_BITS-1:0] value_q;
<%- if .PoolMax %>
            always @(posedge aclk) value_q <= a > b ? a : b;
            assign value[g*SUM_BITS +: SUM_BITS] = value_q;
<%- else %>
            always @(posedge aclk) value_q <= a + b;
            assign value[g*SUM_BITS +: SUM_BITS] = {{(SUM_BITS-LEVEL_BITS+1){value_q[LEVEL_BITS-1]}},
                                                    value_q[LEVEL_BITS-2:0]};
<%- end %>
          end
        end
      end
      wire signed [SUM_BITS-1:0] tokens = gen_level[LEVELS].value;
      wire signed [SUM_BITS-1:0] earlier = GROUPS > 1 ? rest[h*SUM_BITS +: SUM_BITS] : sums[h*SUM_BITS +: SUM_BITS];
<%- if .PoolMax %>
      assign total[h*SUM_BITS +: SUM_BITS] = fresh || tokens > earlier ? tokens : earlier;
<%- else %>
      assign total[h*SUM_BITS +: SUM_BITS] = (fresh ? {SUM_BITS{1'b0}} : earlier) + tokens;
<%- end %>
    end
  endgenerate

  // When the last sum is in the memory, the channels leave.
  reg                          settling, last_channel, valid1, valid2, last1, last2, take;
  reg [3:0]                    settle;
  reg [CHANNEL_INDEX_BITS-1:0] channel1, channel2;
  reg [VECTOR_COLUMNS*SUM_BITS-1:0] word;
  wire                         settled = settling && settle == SETTLED[3:0];
  always @(posedge aclk) begin
    settling     <= aresetn && (walked || (settling && !settled));
    settle       <= settling ? settle + 4'd1 : 4'd0;
    draining     <= aresetn && (settled || (draining && !last_channel));
    channel      <= draining ? channel + 1'b1 : {CHANNEL_INDEX_BITS{1'b0}};
    last_channel <= CHANNELS == 1 ? settled
                  : draining && !last_channel && channel == CHANNELS_2[CHANNEL_INDEX_BITS-1:0];
    {valid2, valid1}     <= aresetn ? {valid1, draining} : 2'b00;
    {last2, last1}       <= {last1, last_channel};
    {channel2, channel1} <= {channel1, channel};
    take         <= (channel & (VECTOR_COLUMNS - 1)) == 0;
    word         <= take ? rest : word >> SUM_BITS;
    running      <= aresetn && (start || (running && !(out_valid && out_last)));
  end
<%- if .PoolMax %>
  assign {out_valid, out_last, out_channel} = {valid2, last2, channel2};
  assign out_y = word[OUT_BITS-1:0];
<%- else %>

  localparam REQUANTIZED_CYCLES = 8, REQUANTIZED_BITS = <% .PoolYW %>;
  reg  [REQUANTIZED_CYCLES*(CHANNEL_INDEX_BITS+2)-1:0] leaving;
  /* verilator lint_off UNUSED */
  wire [REQUANTIZED_BITS-1:0] y;
  /* verilator lint_on UNUSED */
  always @(posedge aclk)
    leaving <= {leaving[(REQUANTIZED_CYCLES-1)*(CHANNEL_INDEX_BITS+2)-1:0], aresetn && valid2, last2, channel2};
  vit_requantize #(.LANES(1), .ACC_BITS(SUM_BITS), .OUT_BITS(REQUANTIZED_BITS), .MIN_SHIFT(MIN_SHIFT),
                   .SHIFT_RANGE_BITS(SHIFT_RANGE_BITS)) u_requantize (
    .aclk(aclk), .in_acc(word[SUM_BITS-1:0]), .in_bias(offset), .in_mul(mul), .lane_mul(17'd0), .per_lane(1'b0),
    .shift(SHIFT[5:0]), .zero(zero), .bits(bits), .out_y(y)
  );
  assign {out_valid, out_last, out_channel}
         = leaving[(REQUANTIZED_CYCLES-1)*(CHANNEL_INDEX_BITS+2) +: CHANNEL_INDEX_BITS+2];
  assign out_y = y[OUT_BITS-1:0];
<%- end %>

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (start && draining) begin
        $display("%m: a row is pooled in another");
        $stop;
      end
      if (valid && group_in >= GROUPS) begin
        $display("%m: channels past the last");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (CHANNELS % VECTOR_COLUMNS != 0) begin : gen_refused_CHANNELS_is_no_multiple_of_VECTOR_COLUMNS
      vit_token_pool_CHANNELS_is_no_multiple_of_VECTOR_COLUMNS u_refused ();
    end
    if (FIRST_TOKEN >= TOKENS) begin : gen_refused_FIRST_TOKEN_is_past_the_last_token
      vit_token_pool_FIRST_TOKEN_is_past_the_last_token u_refused ();
    end
  endgenerate
endmodule
