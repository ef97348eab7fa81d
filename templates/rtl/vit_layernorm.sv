// LayerNorm of the residual stream, LANES tokens x VC channels a cycle, from the rows' sums:
//
//   R  = 1 / sqrt(C*s2 - s1^2 + eps)    vit_rsqrt, a token a cycle
//   n  = ((C*x - s1) * R + half) >> k
//   y  = sat_bits((n * gamma + beta) >> sg)
//
// While a row tile is normalised, the roots of the next are made. gamma and beta come from a table
// that the stream loader fills: {beta[47:0], gamma[15:0]}.
// From start: the channels of row tile m are read from cycle WAIT + LANES + 1 + SETTLE + m*PERIOD on, with
// PERIOD = max(C/VC, LANES + GAP); codes leave 13 cycles later.
module vit_layernorm #(
  parameter LANES  = 8,
  parameter VC     = 1,      // channels a cycle
<%- if .Windowed %>
  parameter C      = 64,     // channels of the first stage; a row has C << widen
  parameter WIDEST = 3,      // largest widen
  parameter CIW    = 9,      // bits of a channel index
  parameter GIW    = 9,      // bits of the index of a group of VC channels
<%- else %>
  parameter C      = 64,     // channels
  parameter CIW    = 6,      // bits of a channel index
  parameter GIW    = 6,      // bits of the index of a group of VC channels
<%- end %>
  parameter RB     = 16,     // bits of the residual stream, signed
  parameter YB     = 8,      // bits of a code, signed
  parameter AW     = 16,     // bits of a residual address
  parameter ROWW   = 2,      // bits of a row tile's number
  parameter S1W    = 22,
  parameter S2W    = 37,
  parameter MINK   = 8,      // least k and least sg of any op of the design
  parameter VARKW  = 3,      // bits of k - MINK
  parameter MINSG  = 8,
  parameter VARSGW = 3,
  parameter WAIT   = 0,      // cycles that the sums take to be there, at most 15
  parameter SETTLE = 11,     // cycles from the last row's sums to its root
  parameter GAP    = 14,     // least of a row tile's cycles beyond one a lane
  parameter PARAM_STYLE = "auto"
) (
  input  wire                 aclk,
  input  wire                 aresetn,
  // gamma and beta.
  input  wire                 param_we,
  input  wire [CIW-1:0]       param_waddr,
  input  wire [63:0]          param_wdata,
  // One op: tiles of LANES tokens; done with the last code's row_end.
  input  wire                 start,
  input  wire [15:0]          tiles_1,     // row tiles, less one
  input  wire [39:0]          eps,
  input  wire [5:0]           k,
  input  wire [5:0]           k17,
  input  wire [5:0]           sg,
  input  wire [4:0]           bits,
<%- if .Windowed %>
  input  wire [2:0]           widen,       // settled before the start
  input  wire [AW-1:0]        res_first,   // word of the residual stream
<%- end %>
  output wire                 running,
  output wire                 op_last,     // with col_last: the op's last row
  // Sums of a row tile, read latency 1.
  output wire                 reading_sums,
  output wire [ROWW-1:0]      row,
  input  wire [LANES*S1W-1:0] s1,
  input  wire [LANES*S2W-1:0] s2,
  // Residual stream, read latency 2; what comes behind may read it while the last row tile's cycles end.
  output reg                  reading,
  output reg  [AW-1:0]        res_addr,
  input  wire [VC*LANES*RB-1:0] res_col,
  // Groups of columns of codes: column v, token r at v*LANES + r.
  output wire                 col_valid,
  output wire [GIW-1:0]       col_index,
  output wire                 col_last,
  output wire [VC*LANES*YB-1:0] col
);
<%- if .Windowed %>
  localparam L   = $clog2(C << WIDEST);
<%- else %>
  localparam L   = $clog2(C);
<%- end %>
  localparam DW  = RB + L + 1;
  localparam NW  = 18;
  localparam TW  = 48;                // n * gamma + beta
  localparam GROUPS = C / VC;
<%- if .Windowed %>
  localparam MOST   = GROUPS << WIDEST;
  localparam PERIOD = MOST > LANES + GAP ? MOST : LANES + GAP;
<%- else %>
  localparam PERIOD = GROUPS > LANES + GAP ? GROUPS : LANES + GAP;
<%- end %>
  localparam PW     = $clog2(PERIOD + 1);
  localparam LIW    = LANES > 1 ? $clog2(LANES) : 1;
<%- if .Windowed %>
  localparam [31:0]    GROUPS_C = GROUPS, SHORT = LANES + GAP;
  reg  [PW-1:0]        groups, LAST_CYCLE, LAST_GROUP;  // of the op, settled before its first channel
  always @(posedge aclk) begin
    groups     <= GROUPS_C[PW-1:0] << widen;
    LAST_GROUP <= groups - 1'b1;
    LAST_CYCLE <= (groups > SHORT[PW-1:0] ? groups : SHORT[PW-1:0]) - 1'b1;
  end
<%- else %>
  localparam [31:0]    PERIOD_1  = PERIOD - 1;
  localparam [31:0]    GROUPS_1  = GROUPS - 1;
  localparam [PW-1:0]  LAST_CYCLE = PERIOD_1[PW-1:0];
  localparam [PW-1:0]  LAST_GROUP = GROUPS_1[PW-1:0];
<%- end %>
  localparam [31:0]    LANES_1   = LANES - 1;
  localparam [LIW-1:0] LAST_LANE = LANES_1[LIW-1:0];

  // Roots of the first row tile, then row tiles of PERIOD cycles: channels from cycle 0 on, roots of
  // the next tile from cycle 3 on, when this one's sums have been taken.
  localparam [2:0] IDLE = 3'd0, SUMS = 3'd1, FIRST = 3'd2, SETTLED = 3'd3, ROWS = 3'd4;
  localparam [31:0] WAIT_1 = WAIT - 1, SETTLE_1 = SETTLE - 1;
  reg [2:0]      state;
  reg [PW-1:0]   c;
  reg [3:0]      wait_count;
  reg            rooting, last_cycle, last_tile;
  reg            taken;                              // the next row tile's sums, if there is one
  reg [LIW-1:0]  lane;
  reg [15:0]     tile, root_tile;
  assign row          = root_tile[ROWW-1:0];
  assign reading_sums = state == FIRST || state == SETTLED || (state == ROWS && !(taken && last_tile));

  always @(posedge aclk) begin
    c          <= state == ROWS && !last_cycle ? c + 1'b1 : {PW{1'b0}};
    last_cycle <= state == ROWS && c == LAST_CYCLE - 1'b1;
    wait_count <= state == SUMS || state == SETTLED ? wait_count + 4'd1 : 4'd0;
    lane       <= rooting ? lane + 1'b1 : {LIW{1'b0}};
    last_tile  <= tile == tiles_1;
    taken      <= state == ROWS && !last_cycle && (taken || c == 8);
    if (!aresetn) begin
      state   <= IDLE;
      rooting <= 1'b0;
      reading <= 1'b0;
    end else begin
      if ((state == IDLE && start && WAIT == 0) || (state == SUMS && wait_count == WAIT_1[3:0])
          || (state == ROWS && c == 2))
        rooting <= 1'b1;
      else if (lane == LAST_LANE) rooting <= 1'b0;
      if ((state == SETTLED && wait_count == SETTLE_1[3:0]) || (last_cycle && !last_tile)) reading <= 1'b1;
      else if (c == LAST_GROUP) reading <= 1'b0;
      case (state)
        IDLE:    if (start) state <= WAIT == 0 ? FIRST : SUMS;
        SUMS:    if (wait_count == WAIT_1[3:0]) state <= FIRST;
        FIRST:   if (lane == LAST_LANE) state <= SETTLED;
        SETTLED: if (wait_count == SETTLE_1[3:0]) state <= ROWS;
        default: if (last_cycle && last_tile) state <= IDLE;
      endcase
    end
    if (start) begin
      tile      <= 16'd0;
      root_tile <= 16'd0;
      res_addr  <= <% if .Windowed %>res_first<% else %>{AW{1'b0}}<% end %>;
    end else if (state == ROWS) begin
      if (c == 2) root_tile <= last_tile ? root_tile : root_tile + 16'd1;
      if (last_cycle) tile <= tile + 16'd1;
      if (reading) res_addr <= res_addr + {{(AW-1){1'b0}}, 1'b1}; // row tiles follow one another
    end
  end

  // Channels asked for in cycle T are there in T+2; their codes leave in T+13.
  localparam Q = 13;
  reg             new1, new2;             // first channels of a tile
  reg [Q-1:0]     valid_q, end_q;
  reg             flowing;                // channels are between the two: valid_q is not zero
  reg [Q*PW-1:0]  index_q;
  always @(posedge aclk) begin
    new1    <= state == ROWS && c == {PW{1'b0}};
    new2    <= new1;
    valid_q <= aresetn ? {valid_q[Q-2:0], reading} : {Q{1'b0}};
    flowing <= aresetn && (reading || valid_q[Q-2:0] != {(Q-1){1'b0}});
    end_q   <= {end_q[Q-2:0], tile == tiles_1};
    index_q <= {index_q[(Q-1)*PW-1:0], c};
  end
  wire [PW-1:0] group_out = index_q[(Q-1)*PW +: PW];
  assign col_valid = valid_q[Q-1];
  assign col_index = group_out[GIW-1:0];
  assign col_last  = group_out == LAST_GROUP;
  assign op_last   = end_q[Q-1];
  assign running   = state != IDLE || flowing;

  // The rows' reciprocals, one after the other through one pipeline: the sums of a row tile, once they are
  // there, leave a shift register a lane a cycle. The first is at its head two cycles after it was asked for,
  // its root ROOT cycles.
  localparam ROOT = 13;
  reg                     take;
  reg  [LANES*S1W-1:0]    row_s1;
  reg  [LANES*S2W-1:0]    row_s2;
  reg  [ROOT*LIW-1:0]     lane_q;
  reg  [ROOT-1:0]         root_q;
  wire [16:0]             root;
  always @(posedge aclk) begin
    take   <= rooting && lane == {LIW{1'b0}};
    row_s1 <= take ? s1 : row_s1 >> S1W;
    row_s2 <= take ? s2 : row_s2 >> S2W;
    lane_q <= {lane_q[(ROOT-1)*LIW-1:0], lane};
    root_q <= aresetn ? {root_q[ROOT-2:0], rooting} : {ROOT{1'b0}};
  end
  vit_rsqrt #(.C(C), <% if .Windowed %>.WIDEST(WIDEST), <% end %>.S1W(S1W), .S2W(S2W)) u_rsqrt (
    .aclk(aclk),<% if .Windowed %> .widen(widen),<% end %> .s1(row_s1[S1W-1:0]), .s2(row_s2[S2W-1:0]), .eps(eps),
    .k17(k17), .r(root)
  );

  /* verilator lint_off UNUSED */ // the constant part of the shifts is wired, not selected
  wire [5:0]  vark  = k - MINK[5:0];
  wire [5:0]  varsg = sg - MINSG[5:0];
  /* verilator lint_on UNUSED */
  // Of the op, settled long before its first channel.
  localparam CW = TW - MINSG;             // bits of the affine map above the constant part of its shift
  reg  [DW+17:0]   half;
  reg  [VARKW-1:0] shift_k;
  reg  [VARSGW-1:0] shift_sg;
  reg  [YB-2:0]    low;                   // bits of a code from its sign on
  wire [CW-1:0]    above = {{(CW-YB+1){1'b1}}, low};
  always @(posedge aclk) begin
    half     <= {{(DW+17){1'b0}}, 1'b1} << (k - 6'd1);
    shift_k  <= vark[VARKW-1:0];
    shift_sg <= varsg[VARSGW-1:0];
    low      <= {(YB-1){1'b1}} << (bits - 5'd1);
  end

  /* verilator lint_off UNUSED */ // a channel's group
  wire [CIW-1:0]        param_group = param_waddr >> $clog2(VC);
  /* verilator lint_on UNUSED */
  // What belongs to a token: the sum and the reciprocal of the tile in the pipeline.
  wire [LANES*S1W-1:0]  tile_sums;
  wire [LANES*17-1:0]   tile_roots;
  genvar g, h;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_token
      reg signed [S1W-1:0] tile_s1;
      reg        [16:0]    next_r, tile_r;
      always @(posedge aclk) begin
        if (root_q[ROOT-1] && lane_q[(ROOT-1)*LIW +: LIW] == g[LIW-1:0]) next_r <= root;
        if (new2) begin
          tile_s1 <= s1[g*S1W +: S1W];
          tile_r  <= next_r;
        end
      end
      assign tile_sums[g*S1W +: S1W] = tile_s1;
      assign tile_roots[g*17 +: 17]  = tile_r;
    end

    for (h = 0; h < VC; h = h + 1) begin : gen_channel
      // Channel h of a group has a table of its own. gamma is there in T+7, beta is needed in T+10.
      wire [63:0] param;
      vit_ram #(.WIDTH(64), .DEPTH(<% if .Windowed %>MOST<% else %>GROUPS<% end %>), .AW(GIW),
                .STYLE(PARAM_STYLE)) u_params (
        .aclk(aclk), .we(param_we && (param_waddr & (VC - 1)) == h), .waddr(param_group[GIW-1:0]),
        .wdata(param_wdata), .raddr(index_q[4*PW +: GIW]), .rdata(param)
      );
      wire signed [15:0] gamma7 = param[15:0];
      reg  signed [47:0] beta8, beta9, beta10;
      always @(posedge aclk) begin
        beta8  <= param[63:16];
        beta9  <= beta8;
        beta10 <= beta9;
      end

      for (g = 0; g < LANES; g = g + 1) begin : gen_lane
        wire signed [RB-1:0]   x2  = res_col[(h*LANES + g)*RB +: RB];
        wire signed [S1W-1:0]  sum = tile_sums[g*S1W +: S1W];
        reg  signed [DW-1:0]   cx3;
        // verilator lint_off WIDTH
        wire signed [DW-1:0]   d3 = cx3 - sum;
        // verilator lint_on WIDTH
        wire signed [DW+17:0]  dr6;
        vit_multiply #(.AW(DW), .BW(18)) u_normalise (
          .aclk(aclk), .a(d3), .b({1'b0, tile_roots[g*17 +: 17]}), .p(dr6)
        );
        reg  signed [DW+17:0]  rounded7;
        /* verilator lint_off UNUSED */ // bits dropped by the shifts
        wire signed [DW+17:0]  n7 = (rounded7 >>> MINK) >>> shift_k;
        /* verilator lint_on UNUSED */
        wire signed [NW+15:0]  ng10;
        vit_multiply #(.AW(NW), .BW(16)) u_affine (.aclk(aclk), .a(n7[NW-1:0]), .b(gamma7), .p(ng10));
        /* verilator lint_off UNUSED */
        reg  signed [TW-1:0]   ng11;
        /* verilator lint_on UNUSED */
        reg  signed [CW-1:0]   scaled12;
        reg  signed [YB-1:0]   y13;
        wire                   negative = scaled12[CW-1];
        wire                   cut      = |((scaled12 ^ {CW{negative}}) & above);
        always @(posedge aclk) begin
          // verilator lint_off WIDTH
<%- if .Windowed %>
          cx3      <= (x2 * $signed({1'b0, C[L:0]})) <<< widen;
<%- else %>
          cx3      <= x2 * $signed({1'b0, C[L:0]});
<%- end %>
          rounded7 <= dr6 + $signed(half);
          ng11     <= ng10 + beta10;
          // verilator lint_on WIDTH
          scaled12 <= $signed(ng11[TW-1:MINSG]) >>> shift_sg;
          y13      <= !cut ? scaled12[YB-1:0] : negative ? {1'b1, low} : {1'b0, ~low};
        end
        assign col[(h*LANES + g)*YB +: YB] = y13;
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
    if (C % VC != 0) begin : gen_refused_C_is_no_multiple_of_VC
      vit_layernorm_C_is_no_multiple_of_VC u_refused ();
    end
    if (WAIT > 15) begin : gen_refused_WAIT_is_more_than_15
      vit_layernorm_WAIT_is_more_than_15 u_refused ();
    end
    if (<% if .Windowed %>(C << WIDEST)<% else %>C<% end %> > (1 << CIW)) begin : gen_refused_C_needs_more_bits_than_CIW
      vit_layernorm_C_needs_more_bits_than_CIW u_refused ();
    end
  endgenerate
endmodule
