// LayerNorm of the residual stream, LANES tokens x VECTOR_COLUMNS channels a cycle, from the sums of rows of C
// channels:
//
//   R  = 1 / sqrt(C*s2 - s1^2 + eps)    vit_rsqrt, a token a cycle
//   n  = ((C*x - s1) * R + half) >> k
//   y  = sat_bits((n * gamma + beta) >> sg)
//
// While a row tile is normalised, the roots of the next are made. gamma and beta come from a table
// that the stream loader fills: {beta[47:0], gamma[15:0]}.
// From start: the channels of row tile m are read from cycle WAIT_CYCLES + LANES + 1 + SETTLE_CYCLES + m*PERIOD on,
// with PERIOD = max(CHANNELS/VECTOR_COLUMNS, LANES + GAP_CYCLES); codes leave 13 cycles later.
module vit_layernorm #(
  parameter LANES                   = 8,      // [lanes] tokens of a row tile
  parameter VECTOR_COLUMNS          = 1,      // [columns] of a group: those that leave the array in a cycle
<%- if .Windowed %>
  parameter CHANNELS                = 64,     // [channels] of a row of the first stage; of any, CHANNELS << widen
  parameter MAX_WIDEN               = 3,      // [log2] largest widen
  parameter CHANNEL_INDEX_BITS      = 9,      // [bits] number of a channel
  parameter GROUP_INDEX_BITS        = 9,      // [bits] number of a group of VECTOR_COLUMNS channels
<%- else %>
  parameter CHANNELS                = 64,     // [channels] of a row
  parameter CHANNEL_INDEX_BITS      = 6,      // [bits] number of a channel
  parameter GROUP_INDEX_BITS        = 6,      // [bits] number of a group of VECTOR_COLUMNS channels
<%- end %>
  parameter RESIDUAL_BITS           = 16,     // [bits] residual stream, signed
  parameter OUT_BITS                = 8,      // [bits] a code, signed
  parameter ADDR_BITS               = 16,     // [bits] address in the residual stream
  parameter ROW_INDEX_BITS          = 2,      // [bits] number of a row tile
  parameter SUM_BITS                = 22,     // [bits] sum of a row's channels, signed
  parameter SQUARE_SUM_BITS         = 37,     // [bits] sum of their squares, unsigned
  parameter FIRST_MIN_SHIFT         = 8,      // [bits] least first shift (k) of any op, which is wired
  parameter FIRST_SHIFT_RANGE_BITS  = 3,      // [bits] of a first shift beyond that
  parameter SECOND_MIN_SHIFT        = 8,      // [bits] least second shift (sg) of any op, which is wired
  parameter SECOND_SHIFT_RANGE_BITS = 3,      // [bits] of a second shift beyond that
  parameter WAIT_CYCLES             = 0,      // [cycles] that the sums take to be there, at most 15
  parameter SETTLE_CYCLES           = 11,     // [cycles] from the last row's sums to its root
  parameter GAP_CYCLES              = 14,     // [cycles] of a row tile beyond one a lane, at least
  parameter PARAM_STYLE             = "auto"  // [text] ram_style of gamma and beta
) (
  input  wire                             aclk,
  input  wire                             aresetn,
  // gamma and beta.
  input  wire                             param_we,
  input  wire [CHANNEL_INDEX_BITS-1:0]    param_waddr,
  input  wire [63:0]                      param_wdata,
  // One op: tiles of LANES tokens; done with the last code's row_end.
  input  wire                             start,
  input  wire [15:0]                      tiles_1,    // row tiles, less one
  input  wire [39:0]                      eps,
  input  wire [5:0]                       k,
  input  wire [5:0]                       k17,
  input  wire [5:0]                       sg,
  input  wire [4:0]                       bits,
<%- if .Windowed %>
  input  wire [2:0]                       widen,      // settled before the start
  input  wire [ADDR_BITS-1:0]             res_first,  // word of the residual stream
<%- end %>
  output wire                             running,
  output wire                             op_last,    // with col_last: the op's last row
  // Sums of a row tile, read latency 1.
  output wire                             reading_sums,
  output wire [ROW_INDEX_BITS-1:0]        row,
  input  wire [LANES*SUM_BITS-1:0]        s1,
  input  wire [LANES*SQUARE_SUM_BITS-1:0] s2,
  // Residual stream, read latency 2; what comes behind may read it while the last row tile's cycles end.
  output reg                              reading,
  output reg  [ADDR_BITS-1:0]             res_addr,
  input  wire [VECTOR_COLUMNS*LANES*RESIDUAL_BITS-1:0] res_col,
  // Groups of columns of codes: column v, token r at v*LANES + r.
  output wire                             col_valid,
  output wire [GROUP_INDEX_BITS-1:0]      col_index,
  output wire                             col_last,
  output wire [VECTOR_COLUMNS*LANES*OUT_BITS-1:0] col
);
<%- if .Windowed %>
  localparam CHANNELS_LOG2 = $clog2(CHANNELS << MAX_WIDEN);
<%- else %>
  localparam CHANNELS_LOG2 = $clog2(CHANNELS);
<%- end %>
  localparam CENTRED_BITS  = RESIDUAL_BITS + CHANNELS_LOG2 + 1;
  localparam NORMED_BITS   = 18;
  localparam AFFINE_BITS   = 48;      // n * gamma + beta
  localparam GROUPS          = CHANNELS / VECTOR_COLUMNS;
<%- if .Windowed %>
  localparam MOST            = GROUPS << MAX_WIDEN;
  localparam PERIOD          = MOST > LANES + GAP_CYCLES ? MOST : LANES + GAP_CYCLES;
<%- else %>
  localparam PERIOD          = GROUPS > LANES + GAP_CYCLES ? GROUPS : LANES + GAP_CYCLES;
<%- end %>
  localparam CYCLE_BITS      = $clog2(PERIOD + 1);
  localparam LANE_INDEX_BITS = LANES > 1 ? $clog2(LANES) : 1;
<%- if .Windowed %>
  localparam [31:0]    GROUPS_C = GROUPS, SHORT = LANES + GAP_CYCLES;
  reg  [CYCLE_BITS-1:0] groups, LAST_CYCLE, LAST_GROUP;  // of the op, settled before its first channel
  always @(posedge aclk) begin
    groups     <= GROUPS_C[CYCLE_BITS-1:0] << widen;
    LAST_GROUP <= groups - 1'b1;
    LAST_CYCLE <= (groups > SHORT[CYCLE_BITS-1:0] ? groups : SHORT[CYCLE_BITS-1:0]) - 1'b1;
  end
<%- else %>
  localparam [31:0]                PERIOD_1  = PERIOD - 1;
  localparam [31:0]                GROUPS_1  = GROUPS - 1;
  localparam [CYCLE_BITS-1:0]      LAST_CYCLE = PERIOD_1[CYCLE_BITS-1:0];
  localparam [CYCLE_BITS-1:0]      LAST_GROUP = GROUPS_1[CYCLE_BITS-1:0];
<%- end %>
  localparam [31:0]                LANES_1   = LANES - 1;
  localparam [LANE_INDEX_BITS-1:0] LAST_LANE = LANES_1[LANE_INDEX_BITS-1:0];

  // Roots of the first row tile, then row tiles of PERIOD cycles: channels from cycle 0 on, roots of
  // the next tile from cycle 3 on, when this one's sums have been taken.
  localparam [2:0] IDLE = 3'd0, SUMS = 3'd1, FIRST = 3'd2, SETTLED = 3'd3, ROWS = 3'd4;
  localparam [31:0] WAIT_1 = WAIT_CYCLES - 1, SETTLE_1 = SETTLE_CYCLES - 1;
  reg [2:0]                 state;
  reg [CYCLE_BITS-1:0]      c;
  reg [3:0]                 wait_count;
  reg                       rooting, last_cycle, last_tile;
  reg                       taken;                   // the next row tile's sums, if there is one
  reg [LANE_INDEX_BITS-1:0] lane;
  reg [15:0]                tile, root_tile;
  assign row          = root_tile[ROW_INDEX_BITS-1:0];
  assign reading_sums = state == FIRST || state == SETTLED || (state == ROWS && !(taken && last_tile));

  always @(posedge aclk) begin
    c          <= state == ROWS && !last_cycle ? c + 1'b1 : {CYCLE_BITS{1'b0}};
    last_cycle <= state == ROWS && c == LAST_CYCLE - 1'b1;
    wait_count <= state == SUMS || state == SETTLED ? wait_count + 4'd1 : 4'd0;
    lane       <= rooting ? lane + 1'b1 : {LANE_INDEX_BITS{1'b0}};
    last_tile  <= tile == tiles_1;
    taken      <= state == ROWS && !last_cycle && (taken || c == 8);
    if (!aresetn) begin
      state   <= IDLE;
      rooting <= 1'b0;
      reading <= 1'b0;
    end else begin
      if ((state == IDLE && start && WAIT_CYCLES == 0) || (state == SUMS && wait_count == WAIT_1[3:0])
          || (state == ROWS && c == 2))
        rooting <= 1'b1;
      else if (lane == LAST_LANE) rooting <= 1'b0;
      if ((state == SETTLED && wait_count == SETTLE_1[3:0]) || (last_cycle && !last_tile)) reading <= 1'b1;
      else if (c == LAST_GROUP) reading <= 1'b0;
      case (state)
        IDLE:    if (start) state <= WAIT_CYCLES == 0 ? FIRST : SUMS;
        SUMS:    if (wait_count == WAIT_1[3:0]) state <= FIRST;
        FIRST:   if (lane == LAST_LANE) state <= SETTLED;
        SETTLED: if (wait_count == SETTLE_1[3:0]) state <= ROWS;
        default: if (last_cycle && last_tile) state <= IDLE;
      endcase
    end
    if (start) begin
      tile      <= 16'd0;
      root_tile <= 16'd0;
      res_addr  <= <% if .Windowed %>res_first<% else %>{ADDR_BITS{1'b0}}<% end %>;
    end else if (state == ROWS) begin
      if (c == 2) root_tile <= last_tile ? root_tile : root_tile + 16'd1;
      if (last_cycle) tile <= tile + 16'd1;
      if (reading) res_addr <= res_addr + {{(ADDR_BITS-1){1'b0}}, 1'b1}; // row tiles follow one another
    end
  end

  // Channels asked for in cycle T are there in T+2; their codes leave in T+13.
  localparam CODE_CYCLES = 13;
  reg                              new1, new2;  // first channels of a tile
  reg [CODE_CYCLES-1:0]            valid_q, end_q;
  reg                              flowing;     // channels are between the two: valid_q is not zero
  reg [CODE_CYCLES*CYCLE_BITS-1:0] index_q;
  always @(posedge aclk) begin
    new1    <= state == ROWS && c == {CYCLE_BITS{1'b0}};
    new2    <= new1;
    valid_q <= aresetn ? {valid_q[CODE_CYCLES-2:0], reading} : {CODE_CYCLES{1'b0}};
    flowing <= aresetn && (reading || valid_q[CODE_CYCLES-2:0] != {(CODE_CYCLES-1){1'b0}});
    end_q   <= {end_q[CODE_CYCLES-2:0], tile == tiles_1};
    index_q <= {index_q[(CODE_CYCLES-1)*CYCLE_BITS-1:0], c};
  end
  wire [CYCLE_BITS-1:0]            group_out = index_q[(CODE_CYCLES-1)*CYCLE_BITS +: CYCLE_BITS];
  assign col_valid = valid_q[CODE_CYCLES-1];
  assign col_index = group_out[GROUP_INDEX_BITS-1:0];
  assign col_last  = group_out == LAST_GROUP;
  assign op_last   = end_q[CODE_CYCLES-1];
  assign running   = state != IDLE || flowing;

  // The rows' reciprocals, one after the other through one pipeline: the sums of a row tile, once they are
  // there, leave a shift register a lane a cycle. The first is at its head two cycles after it was asked for,
  // its root ROOT_CYCLES cycles.
  localparam ROOT_CYCLES = 13;
  reg                                    take;
  reg  [LANES*SUM_BITS-1:0]              row_s1;
  reg  [LANES*SQUARE_SUM_BITS-1:0]       row_s2;
  reg  [ROOT_CYCLES*LANE_INDEX_BITS-1:0] lane_q;
  reg  [ROOT_CYCLES-1:0]                 root_q;
  wire [16:0]                            root;
  always @(posedge aclk) begin
    take   <= rooting && lane == {LANE_INDEX_BITS{1'b0}};
    row_s1 <= take ? s1 : row_s1 >> SUM_BITS;
    row_s2 <= take ? s2 : row_s2 >> SQUARE_SUM_BITS;
    lane_q <= {lane_q[(ROOT_CYCLES-1)*LANE_INDEX_BITS-1:0], lane};
    root_q <= aresetn ? {root_q[ROOT_CYCLES-2:0], rooting} : {ROOT_CYCLES{1'b0}};
  end
  vit_rsqrt #(.CHANNELS(CHANNELS), <% if .Windowed %>.MAX_WIDEN(MAX_WIDEN), <% end %>.SUM_BITS(SUM_BITS),
              .SQUARE_SUM_BITS(SQUARE_SUM_BITS)) u_rsqrt (
    .aclk(aclk),<% if .Windowed %> .widen(widen),<% end %> .s1(row_s1[SUM_BITS-1:0]),
    .s2(row_s2[SQUARE_SUM_BITS-1:0]), .eps(eps), .k17(k17), .r(root)
  );

  /* verilator lint_off UNUSED */ // the constant part of the shifts is wired, not selected
  wire [5:0]  vark  = k - FIRST_MIN_SHIFT[5:0];
  wire [5:0]  varsg = sg - SECOND_MIN_SHIFT[5:0];
  /* verilator lint_on UNUSED */
  // Of the op, settled long before its first channel.
  localparam SCALED_BITS = AFFINE_BITS - SECOND_MIN_SHIFT;  // of the affine map above the constant part of its shift
  reg  [CENTRED_BITS+17:0]          half;
  reg  [FIRST_SHIFT_RANGE_BITS-1:0] shift_k;
  reg  [SECOND_SHIFT_RANGE_BITS-1:0] shift_sg;
  reg  [OUT_BITS-2:0]               low;                    // bits of a code from its sign on
  wire [SCALED_BITS-1:0]            above = {{(SCALED_BITS-OUT_BITS+1){1'b1}}, low};
  always @(posedge aclk) begin
    half     <= {{(CENTRED_BITS+17){1'b0}}, 1'b1} << (k - 6'd1);
    shift_k  <= vark[FIRST_SHIFT_RANGE_BITS-1:0];
    shift_sg <= varsg[SECOND_SHIFT_RANGE_BITS-1:0];
    low      <= {(OUT_BITS-1){1'b1}} << (bits - 5'd1);
  end

  /* verilator lint_off UNUSED */ // a channel's group
  wire [CHANNEL_INDEX_BITS-1:0] param_group = param_waddr >> $clog2(VECTOR_COLUMNS);
  /* verilator lint_on UNUSED */
  // What belongs to a token: the sum and the reciprocal of the tile in the pipeline.
  wire [LANES*SUM_BITS-1:0]     tile_sums;
  wire [LANES*17-1:0]           tile_roots;
  genvar g, h;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_token
      reg signed [SUM_BITS-1:0] tile_s1;
      reg        [16:0]         next_r, tile_r;
      always @(posedge aclk) begin
        if (root_q[ROOT_CYCLES-1]
            && lane_q[(ROOT_CYCLES-1)*LANE_INDEX_BITS +: LANE_INDEX_BITS] == g[LANE_INDEX_BITS-1:0]) next_r <= root;
        if (new2) begin
          tile_s1 <= s1[g*SUM_BITS +: SUM_BITS];
          tile_r  <= next_r;
        end
      end
      assign tile_sums[g*SUM_BITS +: SUM_BITS] = tile_s1;
      assign tile_roots[g*17 +: 17]            = tile_r;
    end

    for (h = 0; h < VECTOR_COLUMNS; h = h + 1) begin : gen_channel
      // Channel h of a group has a table of its own. gamma is there in T+7, beta is needed in T+10.
      wire [63:0] param;
      vit_ram #(.WIDTH(64), .DEPTH(<% if .Windowed %>MOST<% else %>GROUPS<% end %>), .ADDR_BITS(GROUP_INDEX_BITS),
                .STYLE(PARAM_STYLE)) u_params (
        .aclk(aclk), .we(param_we && (param_waddr & (VECTOR_COLUMNS - 1)) == h),
        .waddr(param_group[GROUP_INDEX_BITS-1:0]),
        .wdata(param_wdata), .raddr(index_q[4*CYCLE_BITS +: GROUP_INDEX_BITS]), .rdata(param)
      );
      wire signed [15:0] gamma7 = param[15:0];
      reg  signed [47:0] beta8, beta9, beta10;
      always @(posedge aclk) begin
        beta8  <= param[63:16];
        beta9  <= beta8;
        beta10 <= beta9;
      end

      for (g = 0; g < LANES; g = g + 1) begin : gen_lane
        wire signed [RESIDUAL_BITS-1:0] x2  = res_col[(h*LANES + g)*RESIDUAL_BITS +: RESIDUAL_BITS];
        wire signed [SUM_BITS-1:0]      sum = tile_sums[g*SUM_BITS +: SUM_BITS];
        reg  signed [CENTRED_BITS-1:0]  cx3;
        // verilator lint_off WIDTH
        wire signed [CENTRED_BITS-1:0]  d3 = cx3 - sum;
        // verilator lint_on WIDTH
        wire signed [CENTRED_BITS+17:0] dr6;
        vit_multiply #(.A_BITS(CENTRED_BITS), .B_BITS(18)) u_normalise (
          .aclk(aclk), .a(d3), .b({1'b0, tile_roots[g*17 +: 17]}), .p(dr6)
        );
        reg  signed [CENTRED_BITS+17:0] rounded7;
        /* verilator lint_off UNUSED */ // bits dropped by the shifts
        wire signed [CENTRED_BITS+17:0] n7 = (rounded7 >>> FIRST_MIN_SHIFT) >>> shift_k;
        /* verilator lint_on UNUSED */
        wire signed [NORMED_BITS+15:0]  ng10;
        vit_multiply #(.A_BITS(NORMED_BITS), .B_BITS(16)) u_affine (
          .aclk(aclk), .a(n7[NORMED_BITS-1:0]), .b(gamma7), .p(ng10)
        );
        /* verilator lint_off UNUSED */
        reg  signed [AFFINE_BITS-1:0] ng11;
        /* verilator lint_on UNUSED */
        reg  signed [SCALED_BITS-1:0] scaled12;
        reg  signed [OUT_BITS-1:0]    y13;
        wire                          negative = scaled12[SCALED_BITS-1];
        wire                          cut      = |((scaled12 ^ {SCALED_BITS{negative}}) & above);
        always @(posedge aclk) begin
          // verilator lint_off WIDTH
<%- if .Windowed %>
          cx3      <= (x2 * $signed({1'b0, CHANNELS[CHANNELS_LOG2:0]})) <<< widen;
<%- else %>
          cx3      <= x2 * $signed({1'b0, CHANNELS[CHANNELS_LOG2:0]});
<%- end %>
          rounded7 <= dr6 + $signed(half);
          ng11     <= ng10 + beta10;
          // verilator lint_on WIDTH
          scaled12 <= $signed(ng11[AFFINE_BITS-1:SECOND_MIN_SHIFT]) >>> shift_sg;
          y13      <= !cut ? scaled12[OUT_BITS-1:0] : negative ? {1'b1, low} : {1'b0, ~low};
        end
        assign col[(h*LANES + g)*OUT_BITS +: OUT_BITS] = y13;
      end
    end
  endgenerate

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (start && state != IDLE) begin
        $display("%m: a LayerNorm starts in another");
        $stop;
      end
      if (state == ROWS && tile > tiles_1) begin
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
    if (CHANNELS % VECTOR_COLUMNS != 0) begin : gen_refused_CHANNELS_is_no_multiple_of_VECTOR_COLUMNS
      vit_layernorm_CHANNELS_is_no_multiple_of_VECTOR_COLUMNS u_refused ();
    end
    if (WAIT_CYCLES > 15) begin : gen_refused_WAIT_CYCLES_is_more_than_15
      vit_layernorm_WAIT_CYCLES_is_more_than_15 u_refused ();
    end
    if (<% if .Windowed %>(CHANNELS << MAX_WIDEN)<% else %>CHANNELS<% end %> > (1 << CHANNEL_INDEX_BITS))
    begin : gen_refused_CHANNELS_needs_more_bits_than_CHANNEL_INDEX_BITS
      vit_layernorm_CHANNELS_needs_more_bits_than_CHANNEL_INDEX_BITS u_refused ();
    end
  endgenerate
endmodule
