<%- if .PoolStream -%>
// One row of all tokens from FIRST on, out of the residual stream, channel by channel:
<%- else -%>
// One row of all tokens from FIRST on, of the codes that a LayerNorm makes, channel by channel:
<%- end %>
//
<%- if .PoolMax %>
//   y = max_t x
<%- else %>
//   y = sat_bits( ((sum_t x + offset) * mul + half) >> SHIFT  +  zero )
<%- end %>
//
// Row tile by row tile VC channels x LANES tokens come a cycle; a tree makes one of the tokens, and the channels'
// sums (or maxima) rest in a memory between row tiles. When all have come, a channel leaves a cycle.
module vit_token_pool #(
  parameter LANES = 8,       // tokens of a row tile
  parameter VC    = 1,       // channels a cycle
  parameter C     = 64,      // channels
  parameter CIW   = 6,       // bits of a channel index
  parameter GIW   = 6,       // bits of the index of a group of VC channels
  parameter ROWS  = 3,       // row tiles
  parameter ROWW  = 2,
  parameter N     = 17,      // tokens
  parameter FIRST = 1,       // the first that counts
  parameter EW    = 8,       // bits of a token's value, signed
  parameter SUMW  = 16,      // bits of a channel's sum with the offset, or of its maximum, signed
<%- if .PoolStream %>
  parameter AW    = 16,
<%- end %>
<%- if not .PoolMax %>
  parameter SHIFT  = 24,
  parameter MINSH  = 24,     // of it, wired
  parameter VARSHW = 1,
<%- end %>
  parameter OB    = 8        // bits of a result, signed
) (
  input  wire                   aclk,
  input  wire                   aresetn,
<%- if .PoolStream %>
  input  wire                   start,
  // Residual stream, read latency 2.
  output wire                   reading,
  output reg  [AW-1:0]          res_addr,
  input  wire [VC*LANES*EW-1:0] in_col,       // column v, token r at v*LANES + r
<%- else %>
  // The LayerNorm: where it starts, and its groups of columns of codes.
  input  wire                   begin_rows,
  input  wire                   in_valid,
  input  wire                   in_last,      // of a row tile
  input  wire [GIW-1:0]         in_group,
  input  wire [VC*LANES*EW-1:0] in_col,       // column v, token r at v*LANES + r
  // The row tile that comes has the first token that counts; it has such a token.
  output reg                    opening,
  output reg                    counted,
  input  wire                   start,        // all have come
<%- end %>
<%- if not .PoolMax %>
  input  wire [15:0]            mul,
  input  wire [SUMW-1:0]        offset,
  input  wire [15:0]            zero,         // signed
  input  wire [4:0]             bits,
<%- end %>
  output wire                   out_valid,
  output wire                   out_last,
  output wire [CIW-1:0]         out_channel,
  output wire [OB-1:0]          out_y,
  output reg                    running       // up to the last result
);
  localparam GROUPS = C / VC;
  localparam LEVELS = LANES > 1 ? $clog2(LANES) : 1;
  localparam SKIP   = FIRST % LANES;            // tokens of the opening row tile that do not count
  localparam REST   = N - LANES*(ROWS - 1);     // tokens of the last one
  localparam [31:0] OPENS_1 = FIRST/LANES - 1, CLOSES_1 = ROWS - 2, CHANNELS_2 = C - 2, SETTLED = LEVELS + 2;
<%- if .PoolStream %>
  localparam [31:0] GROUPS_2 = GROUPS - 2;
<%- end %>

  // The row tile that comes.
  reg [ROWW-1:0] tile;
<%- if .PoolStream %>
  reg            opening, counted;
<%- end %>
  reg            closing;
  wire           tile_step;
<%- if .PoolStream %>
  wire           tile_begin = start;
<%- else %>
  wire           tile_begin = begin_rows;
<%- end %>
  always @(posedge aclk)
    if (tile_begin) begin
      tile    <= {ROWW{1'b0}};
      opening <= FIRST < LANES;
      counted <= FIRST < LANES;
      closing <= ROWS == 1;
    end else if (tile_step) begin
      tile    <= tile + 1'b1;
      opening <= tile == OPENS_1[ROWW-1:0];
      counted <= counted || tile == OPENS_1[ROWW-1:0];
      closing <= tile == CLOSES_1[ROWW-1:0];
    end

  // What arrives: a group of columns, and of its row tile {closing, counted, opening}.
  localparam TW = GIW + 2;                      // of what travels: {valid, fresh, group}
  wire            valid0, opening0, counted0, closing0;
  wire [GIW-1:0]  group0;
<%- if .PoolStream %>
  reg             walking, last_group;
  reg  [GIW-1:0]  group;
  reg  [2*(TW+2)-1:0] asked;                    // a read takes two cycles
  assign reading   = walking;
  assign tile_step = walking && last_group;
  assign {valid0, opening0, counted0, closing0, group0} = asked[TW+2 +: TW+2];
  wire            walked = walking && last_group && closing;
  always @(posedge aclk) begin
    walking    <= aresetn && (start || (walking && !walked));
    group      <= walking && !last_group ? group + 1'b1 : {GIW{1'b0}};
    last_group <= GROUPS == 1 || (walking && !last_group && group == GROUPS_2[GIW-1:0]);
    res_addr   <= walking ? res_addr + {{(AW-1){1'b0}}, 1'b1} : {AW{1'b0}};
    asked      <= {asked[0 +: TW+2], walking, opening, counted, closing, group};
  end
<%- else %>
  wire            walked = start;
  assign tile_step = in_valid && in_last;
  assign {valid0, opening0, counted0, closing0, group0} = {in_valid, opening, counted, closing, in_group};
<%- end %>

  // Level by level, a cycle each. What is made of a row tile's tokens is there in stage LEVELS.
  reg  [LEVELS*TW-1:0]     travels;
  wire [(LEVELS+1)*TW-1:0] ways = {travels, valid0, opening0, group0};
  always @(posedge aclk) travels <= ways[LEVELS*TW-1:0];
  wire            valid, fresh;
  wire [GIW-1:0]  group_in;
  assign {valid, fresh, group_in} = ways[LEVELS*TW +: TW];
  wire [GIW-1:0]  group_ahead = ways[(LEVELS-1)*TW +: GIW];

  (* ram_style = "distributed" *) reg [VC*SUMW-1:0] kept [0:GROUPS-1];
  reg  [VC*SUMW-1:0] rest, sums;
  wire [VC*SUMW-1:0] total;
  reg                draining;
  reg  [CIW-1:0]     channel;
  /* verilator lint_off UNUSED */
  wire [CIW-1:0]     drain_group = channel >> $clog2(VC);
  /* verilator lint_on UNUSED */
  always @(posedge aclk) begin
    rest <= kept[draining ? drain_group[GIW-1:0] : group_ahead];
    if (valid) begin
      sums           <= total;
      kept[group_in] <= total;
    end
  end

  genvar g, h, l;
  generate
    for (h = 0; h < VC; h = h + 1) begin : gen_channel
      for (l = 0; l <= LEVELS; l = l + 1) begin : gen_level
        localparam COUNT = LANES >> l > 0 ? LANES >> l : 1;
        /* verilator lint_off UNUSED */      // copies of the sign
        wire [COUNT*SUMW-1:0] value;
        /* verilator lint_on UNUSED */
        for (g = 0; g < COUNT; g = g + 1) begin : gen_value
          if (l == 0) begin : gen_token
            wire          on = counted0 && !(opening0 && g < SKIP) && !(closing0 && g >= REST);
            wire [EW-1:0] x  = in_col[(h*LANES + g)*EW +: EW];
<%- if .PoolMax %>
            assign value[g*SUMW +: SUMW] = on ? x : {1'b1, {(SUMW-1){1'b0}}};
<%- else %>
            assign value[g*SUMW +: SUMW] = on ? {{(SUMW-EW){x[EW-1]}}, x} : {SUMW{1'b0}};
<%- end %>
          end else if (LANES == 1) begin : gen_single
            reg [SUMW-1:0] value_q;
            always @(posedge aclk) value_q <= gen_level[0].value;
            assign value = value_q;
          end else begin : gen_pair
            // As many bits as so many tokens may need; synthesis finds the others to be copies of the sign.
            localparam W = <% if .PoolMax %>SUMW<% else %>EW + l < SUMW ? EW + l : SUMW<% end %>;
            wire signed [W-1:0]    a = gen_level[l-1].value[2*g*SUMW +: W];
            wire signed [W-1:0]    b = gen_level[l-1].value[(2*g + 1)*SUMW +: W];
            reg         [W-1:0]    value_q;
<%- if .PoolMax %>
            always @(posedge aclk) value_q <= a > b ? a : b;
            assign value[g*SUMW +: SUMW] = value_q;
<%- else %>
            always @(posedge aclk) value_q <= a + b;
            assign value[g*SUMW +: SUMW] = {{(SUMW-W+1){value_q[W-1]}}, value_q[W-2:0]};
<%- end %>
          end
        end
      end
      wire signed [SUMW-1:0] tokens = gen_level[LEVELS].value;
      wire signed [SUMW-1:0] earlier = GROUPS > 1 ? rest[h*SUMW +: SUMW] : sums[h*SUMW +: SUMW];
<%- if .PoolMax %>
      assign total[h*SUMW +: SUMW] = fresh || tokens > earlier ? tokens : earlier;
<%- else %>
      assign total[h*SUMW +: SUMW] = (fresh ? {SUMW{1'b0}} : earlier) + tokens;
<%- end %>
    end
  endgenerate

  // When the last sum is in the memory, the channels leave.
  reg              settling, last_channel, valid1, valid2, last1, last2, take;
  reg [3:0]        settle;
  reg [CIW-1:0]    channel1, channel2;
  reg [VC*SUMW-1:0] word;
  wire             settled = settling && settle == SETTLED[3:0];
  always @(posedge aclk) begin
    settling     <= aresetn && (walked || (settling && !settled));
    settle       <= settling ? settle + 4'd1 : 4'd0;
    draining     <= aresetn && (settled || (draining && !last_channel));
    channel      <= draining ? channel + 1'b1 : {CIW{1'b0}};
    last_channel <= C == 1 ? settled : draining && !last_channel && channel == CHANNELS_2[CIW-1:0];
    {valid2, valid1}     <= aresetn ? {valid1, draining} : 2'b00;
    {last2, last1}       <= {last1, last_channel};
    {channel2, channel1} <= {channel1, channel};
    take         <= (channel & (VC - 1)) == 0;
    word         <= take ? rest : word >> SUMW;
    running      <= aresetn && (start || (running && !(out_valid && out_last)));
  end
<%- if .PoolMax %>
  assign {out_valid, out_last, out_channel} = {valid2, last2, channel2};
  assign out_y = word[OB-1:0];
<%- else %>

  localparam REQUANTIZED = 8, YW = <% .PoolYW %>;
  reg  [REQUANTIZED*(CIW+2)-1:0] leaving;
  /* verilator lint_off UNUSED */
  wire [YW-1:0] y;
  /* verilator lint_on UNUSED */
  always @(posedge aclk)
    leaving <= {leaving[(REQUANTIZED-1)*(CIW+2)-1:0], aresetn && valid2, last2, channel2};
  vit_requantize #(.LANES(1), .ACCW(SUMW), .YW(YW), .MINSH(MINSH), .VARSHW(VARSHW)) u_requantize (
    .aclk(aclk), .in_acc(word[SUMW-1:0]), .in_bias(offset), .in_mul(mul), .lane_mul(17'd0), .per_lane(1'b0),
    .shift(SHIFT[5:0]), .zero(zero), .bits(bits), .out_y(y)
  );
  assign {out_valid, out_last, out_channel} = leaving[(REQUANTIZED-1)*(CIW+2) +: CIW+2];
  assign out_y = y[OB-1:0];
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
    if (C % VC != 0) begin : gen_refused_C_is_no_multiple_of_VC
      vit_token_pool_C_is_no_multiple_of_VC u_refused ();
    end
    if (FIRST >= N) begin : gen_refused_FIRST_is_past_the_last_token
      vit_token_pool_FIRST_is_past_the_last_token u_refused ();
    end
  endgenerate
endmodule
