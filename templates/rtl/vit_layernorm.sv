// LayerNorm of the residual stream, LANES tokens x VC channels a cycle, from the rows' sums:
//
//   R  = 1 / sqrt(C*s2 - s1^2 + eps)    vit_rsqrt, a token a cycle
//   n  = ((C*x - s1) * R + half) >> k
//   y  = sat_bits((n * gamma + beta) >> sg)
//
// While a row tile is normalised, the roots of the next are made. gamma and beta come from a table
// that the stream loader fills: {beta[47:0], gamma[15:0]}.
// From start: the channels of row tile m are read from cycle LANES + 4 + m*PERIOD on, with
// PERIOD = max(C/VC, LANES + 6); codes leave 8 cycles later.
module vit_layernorm #(
  parameter LANES  = 8,
  parameter VC     = 1,      // channels a cycle
  parameter C      = 64,     // channels
  parameter CIW    = 6,      // bits of a channel index
  parameter GIW    = 6,      // bits of the index of a group of VC channels
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
  input  wire [15:0]          tiles,
  input  wire [39:0]          eps,
  input  wire [5:0]           k,
  input  wire [5:0]           k17,
  input  wire [5:0]           sg,
  input  wire [4:0]           bits,
  output wire                 running,
  output wire                 op_last,     // with col_last: the op's last row
  // Sums of a row tile, read latency 0.
  output wire [ROWW-1:0]      row,
  input  wire [LANES*S1W-1:0] s1,
  input  wire [LANES*S2W-1:0] s2,
  // Residual stream, read latency 1.
  output wire [AW-1:0]        res_addr,
  input  wire [VC*LANES*RB-1:0] res_col,
  // Groups of columns of codes: column v, token r at v*LANES + r.
  output wire                 col_valid,
  output wire [GIW-1:0]       col_index,
  output wire                 col_last,
  output wire [VC*LANES*YB-1:0] col
);
  localparam L   = $clog2(C);
  localparam DW  = RB + L + 1;
  localparam NW  = 18;
  localparam TW  = 48;                // n * gamma + beta
  localparam GROUPS = C / VC;
  localparam PERIOD = GROUPS > LANES + 6 ? GROUPS : LANES + 6;
  localparam PW     = $clog2(PERIOD + 1);
  localparam LIW    = LANES > 1 ? $clog2(LANES) : 1;
  localparam [31:0]    PERIOD_1  = PERIOD - 1;
  localparam [31:0]    GROUPS_1  = GROUPS - 1;
  localparam [PW-1:0]  LAST_CYCLE = PERIOD_1[PW-1:0];
  localparam [PW-1:0]  LAST_GROUP = GROUPS_1[PW-1:0];
  localparam [31:0]    LANES_1   = LANES - 1;
  localparam [LIW-1:0] LAST_LANE = LANES_1[LIW-1:0];

  // Roots of the first row tile, then row tiles of PERIOD cycles: channels from cycle 0 on, roots of
  // the next tile from cycle 3 on, when this one's sums have been taken.
  localparam [1:0] IDLE = 2'd0, FIRST = 2'd1, SETTLE = 2'd2, ROWS = 2'd3;
  reg [1:0]      state;
  reg [PW-1:0]   c;
  reg [1:0]      wait_count;
  reg            rooting;
  reg [LIW-1:0]  lane;
  reg [15:0]     tile, root_tile;
  reg [AW-1:0]   tile_base;
  wire           last_tile = tile == tiles - 16'd1;
  wire           reading   = state == ROWS && c <= LAST_GROUP;
  assign res_addr = tile_base + {{(AW-PW){1'b0}}, c};
  assign row      = root_tile[ROWW-1:0];

  always @(posedge aclk) begin
    c          <= state == ROWS && c != LAST_CYCLE ? c + 1'b1 : {PW{1'b0}};
    wait_count <= state == SETTLE ? wait_count + 2'd1 : 2'd0;
    lane       <= rooting ? lane + 1'b1 : {LIW{1'b0}};
    if (!aresetn) begin
      state   <= IDLE;
      rooting <= 1'b0;
    end else begin
      if (start || (state == ROWS && c == 2)) rooting <= 1'b1;
      else if (lane == LAST_LANE)             rooting <= 1'b0;
      case (state)
        IDLE:   if (start) state <= FIRST;
        FIRST:  if (lane == LAST_LANE) state <= SETTLE;
        SETTLE: if (wait_count == 2'd2) state <= ROWS;
        default: if (c == LAST_CYCLE && last_tile) state <= IDLE;
      endcase
    end
    if (start) begin
      tile      <= 16'd0;
      root_tile <= 16'd0;
      tile_base <= {AW{1'b0}};
    end else if (state == ROWS) begin
      if (c == 2) root_tile <= last_tile ? root_tile : root_tile + 16'd1;
      if (c == LAST_CYCLE) begin
        tile      <= tile + 16'd1;
        tile_base <= tile_base + GROUPS_1[AW-1:0] + {{(AW-1){1'b0}}, 1'b1};
      end
    end
  end

  // Channels asked for in cycle T are there in T+1, registered in T+2; their codes leave in T+8.
  reg             new1, new2, new3;       // first channels of a tile
  reg [7:0]       valid_q, end_q;
  reg [8*PW-1:0]  index_q;
  always @(posedge aclk) begin
    new1    <= state == ROWS && c == {PW{1'b0}};
    new2    <= new1;
    new3    <= new2;
    valid_q <= aresetn ? {valid_q[6:0], reading} : 8'd0;
    end_q   <= {end_q[6:0], last_tile};
    index_q <= {index_q[7*PW-1:0], c};
  end
  wire [PW-1:0] group8 = index_q[7*PW +: PW];
  assign col_valid = valid_q[7];
  assign col_index = group8[GIW-1:0];
  assign col_last  = group8 == LAST_GROUP;
  assign op_last   = end_q[7];
  assign running   = state != IDLE || valid_q != 8'd0;

  // The rows' reciprocals, one after the other through one pipeline.
  reg  [LIW*6-1:0]        lane_q;
  reg  [5:0]              root_q;
  wire [16:0]             root;
  always @(posedge aclk) begin
    lane_q <= {lane_q[LIW*5-1:0], lane};
    root_q <= aresetn ? {root_q[4:0], rooting} : 6'd0;
  end
  vit_rsqrt #(.C(C), .S1W(S1W), .S2W(S2W)) u_rsqrt (
    .aclk(aclk), .s1(s1[lane*S1W +: S1W]), .s2(s2[lane*S2W +: S2W]), .eps(eps), .k17(k17), .r(root)
  );

  /* verilator lint_off UNUSED */ // the constant part of the shifts is wired, not selected
  wire [5:0]  vark  = k - MINK[5:0];
  wire [5:0]  varsg = sg - MINSG[5:0];
  /* verilator lint_on UNUSED */
  wire signed [DW+17:0] half = $signed({{(DW+17){1'b0}}, 1'b1}) <<< (k - 6'd1);
  wire signed [TW-1:0]  hi   = ($signed({{(TW-1){1'b0}}, 1'b1}) <<< (bits - 5'd1)) - $signed({{(TW-1){1'b0}}, 1'b1});
  wire signed [TW-1:0]  lo   = ~hi;

  /* verilator lint_off UNUSED */ // a channel's group
  wire [CIW-1:0]        param_group = param_waddr >> $clog2(VC);
  /* verilator lint_on UNUSED */
  // What belongs to a token: the sum and the reciprocal of the tile in the pipeline.
  wire [LANES*S1W-1:0]  row_s1;
  wire [LANES*17-1:0]   row_r;
  genvar g, h;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_token
      reg signed [S1W-1:0] tile_s1;
      reg        [16:0]    next_r, tile_r;
      always @(posedge aclk) begin
        if (root_q[5] && lane_q[LIW*5 +: LIW] == g[LIW-1:0]) next_r <= root;
        if (new2) tile_s1 <= s1[g*S1W +: S1W];
        if (new3) tile_r  <= next_r;
      end
      assign row_s1[g*S1W +: S1W] = tile_s1;
      assign row_r[g*17 +: 17]    = tile_r;
    end

    for (h = 0; h < VC; h = h + 1) begin : gen_channel
      // Channel h of a group has a table of its own.
      wire [63:0] param;
      vit_ram #(.WIDTH(64), .DEPTH(GROUPS), .AW(GIW), .STYLE(PARAM_STYLE)) u_params (
        .aclk(aclk), .we(param_we && (param_waddr & (VC - 1)) == h), .waddr(param_group[GIW-1:0]),
        .wdata(param_wdata), .raddr(index_q[4*PW +: GIW]), .rdata(param)
      );
      wire signed [15:0] gamma = param[15:0];
      wire signed [47:0] beta  = param[63:16];

      for (g = 0; g < LANES; g = g + 1) begin : gen_lane
        wire signed [RB-1:0]   x      = res_col[(h*LANES + g)*RB +: RB];
        wire signed [S1W-1:0]  sum    = row_s1[g*S1W +: S1W];
        wire        [16:0]     r      = row_r[g*17 +: 17];
        reg  signed [RB-1:0]   x1;
        reg  signed [DW-1:0]   cx, d;
        (* use_dsp = "yes" *)
        reg  signed [DW+17:0]  dr;
        reg  signed [NW-1:0]   n;
        (* use_dsp = "yes" *)
        reg  signed [TW-1:0]   ng;
        reg  signed [YB-1:0]   y;
        /* verilator lint_off UNUSED */ // bits dropped by the shifts
        wire signed [DW+17:0]  rounded = dr + half;
        wire signed [DW+17:0]  shifted = (rounded >>> MINK) >>> vark[VARKW-1:0];
        /* verilator lint_on UNUSED */
        wire signed [TW-1:0]   scaled  = (ng >>> MINSG) >>> varsg[VARSGW-1:0];
        /* verilator lint_off UNUSED */ // saturation leaves the code's bits
        wire signed [TW-1:0]   clamped = scaled > hi ? hi : scaled < lo ? lo : scaled;
        /* verilator lint_on UNUSED */
        always @(posedge aclk) begin
          x1 <= x;
          // verilator lint_off WIDTH
          cx <= x1 * $signed({1'b0, C[L:0]});
          d  <= cx - sum;
          dr <= d * $signed({1'b0, r});
          n  <= shifted;
          ng <= n * gamma + beta;
          y  <= clamped;
          // verilator lint_on WIDTH
        end
        assign col[(h*LANES + g)*YB +: YB] = y;
      end
    end
  endgenerate
endmodule
