// LayerNorm of the residual stream, LANES tokens at a time, one channel a cycle:
//
//   s1 = sum x, s2 = sum x^2            first pass, C cycles
//   R  = 1 / sqrt(C*s2 - s1^2 + eps)    vit_rsqrt, a token a cycle
//   n  = ((C*x - s1) * R + half) >> k   second pass, C cycles
//   y  = sat_bits((n * gamma + beta) >> sg)
//
// gamma and beta come from a table that the stream loader fills: {beta[47:0], gamma[15:0]}.
// A tile of LANES tokens takes 2C + LANES + 17 cycles.
module vit_layernorm #(
  parameter LANES  = 8,
  parameter C      = 64,     // channels
  parameter CIW    = 6,      // bits of a channel index
  parameter RB     = 16,     // bits of the residual stream, signed
  parameter YB     = 8,      // bits of a code, signed
  parameter AW     = 16,     // bits of a residual address
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
  // One op: tiles of LANES tokens, then done.
  input  wire                 start,
  input  wire [15:0]          tiles,
  input  wire [39:0]          eps,
  input  wire [5:0]           k,
  input  wire [5:0]           k17,
  input  wire [5:0]           sg,
  input  wire [4:0]           bits,
  output reg                  done,
  // Residual stream, read latency 1.
  output wire [AW-1:0]        res_addr,
  input  wire [LANES*RB-1:0]  res_col,
  // Columns of codes.
  output wire                 col_valid,
  output wire [CIW-1:0]       col_index,
  output wire                 col_last,
  output wire [LANES*YB-1:0]  col
);
  localparam L   = $clog2(C);
  localparam S1W = RB + L;
  localparam S2W = 2*RB - 1 + L;
  localparam DW  = RB + L + 1;
  localparam NW  = 18;
  localparam TW  = 48;                // n * gamma + beta
  localparam LIW = LANES > 1 ? $clog2(LANES) : 1;
  localparam [31:0]    LAST_C32  = C - 1;
  localparam [CIW-1:0] LAST_C    = LAST_C32[CIW-1:0];
  localparam [31:0]    LANES_1   = LANES - 1;
  localparam [LIW-1:0] LAST_LANE = LANES_1[LIW-1:0];

  localparam [2:0] IDLE = 3'd0, SUMS = 3'd1, SETTLE = 3'd2, ROOTS = 3'd3, WAIT = 3'd4,
                   NORM = 3'd5, FLUSH = 3'd6;
  reg [2:0]      state;
  reg [CIW-1:0]  c;
  reg [3:0]      wait_count;
  reg [LIW-1:0]  lane;
  reg [15:0]     tile;
  reg [AW-1:0]   tile_base;
  wire           last_tile = tile == tiles - 16'd1;
  wire           scanning  = state == SUMS || state == NORM;
  assign res_addr = tile_base + {{(AW-CIW){1'b0}}, c};

  always @(posedge aclk) begin
    done <= 1'b0;
    c    <= scanning && c != LAST_C ? c + 1'b1 : {CIW{1'b0}};
    lane <= state == ROOTS ? lane + 1'b1 : {LIW{1'b0}};
    wait_count <= state == SETTLE || state == WAIT || state == FLUSH ? wait_count + 4'd1 : 4'd0;
    if (!aresetn) state <= IDLE;
    else case (state)
      IDLE: if (start) begin
        state     <= SUMS;
        tile      <= 16'd0;
        tile_base <= {AW{1'b0}};
      end
      SUMS:   if (c == LAST_C)          state <= SETTLE;
      SETTLE: if (wait_count == 4'd2)   state <= ROOTS;
      ROOTS:  if (lane == LAST_LANE)    state <= WAIT;
      WAIT:   if (wait_count == 4'd5)   state <= NORM;
      NORM:   if (c == LAST_C)          state <= FLUSH;
      FLUSH:  if (wait_count == 4'd7) begin
        state     <= last_tile ? IDLE : SUMS;
        done      <= last_tile;
        tile      <= tile + 16'd1;
        tile_base <= tile_base + C[AW-1:0];
      end
      default: state <= IDLE;
    endcase
  end

  // A column asked for in cycle T is there in T+1, registered in T+2, squared in T+3;
  // on the second pass its codes leave in T+8.
  reg             x_valid, x1_valid, sq_valid;
  reg             x_first, x1_first, sq_first;
  reg [7:0]       norm_q;
  reg [8*CIW-1:0] index_q;
  always @(posedge aclk) begin
    x_valid  <= state == SUMS;
    x_first  <= c == {CIW{1'b0}};
    x1_valid <= x_valid;
    x1_first <= x_first;
    sq_valid <= x1_valid;
    sq_first <= x1_first;
    norm_q   <= aresetn ? {norm_q[6:0], state == NORM} : 8'd0;
    index_q  <= {index_q[7*CIW-1:0], c};
  end
  assign col_valid = norm_q[7];
  assign col_index = index_q[7*CIW +: CIW];
  assign col_last  = col_index == LAST_C;

  wire [63:0] param;
  vit_ram #(.WIDTH(64), .DEPTH(C), .AW(CIW), .STYLE(PARAM_STYLE)) u_params (
    .aclk(aclk), .we(param_we), .waddr(param_waddr), .wdata(param_wdata),
    .raddr(index_q[4*CIW +: CIW]), .rdata(param)
  );

  // The rows' reciprocals, one after the other through one pipeline.
  reg  [LIW*6-1:0]        lane_q;
  reg  [5:0]              root_q;
  wire [16:0]             root;
  wire [LANES*S1W-1:0]    all_s1;
  wire [LANES*S2W-1:0]    all_s2;
  always @(posedge aclk) begin
    lane_q <= {lane_q[LIW*5-1:0], lane};
    root_q <= aresetn ? {root_q[4:0], state == ROOTS} : 6'd0;
  end
  vit_rsqrt #(.C(C), .S1W(S1W), .S2W(S2W)) u_rsqrt (
    .aclk(aclk), .s1(all_s1[lane*S1W +: S1W]), .s2(all_s2[lane*S2W +: S2W]),
    .eps(eps), .k17(k17), .r(root)
  );

  /* verilator lint_off UNUSED */ // the constant part of the shifts is wired, not selected
  wire [5:0]  vark  = k - MINK[5:0];
  wire [5:0]  varsg = sg - MINSG[5:0];
  /* verilator lint_on UNUSED */
  wire signed [DW+17:0] half = $signed({{(DW+17){1'b0}}, 1'b1}) <<< (k - 6'd1);
  wire signed [TW-1:0]  hi   = ($signed({{(TW-1){1'b0}}, 1'b1}) <<< (bits - 5'd1)) - $signed({{(TW-1){1'b0}}, 1'b1});
  wire signed [TW-1:0]  lo   = ~hi;

  genvar g;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      wire signed [RB-1:0]   x = res_col[g*RB +: RB];
      reg  signed [RB-1:0]   x1;
      reg         [2*RB-2:0] square;
      reg  signed [S1W-1:0]  s1;
      reg         [S2W-1:0]  s2;
      reg         [16:0]     r;
      reg  signed [DW-1:0]   cx, d;
      (* use_dsp = "yes" *)
      reg  signed [DW+17:0]  dr;
      reg  signed [NW-1:0]   n;
      (* use_dsp = "yes" *)
      reg  signed [TW-1:0]   ng;
      reg  signed [YB-1:0]   y;
      /* verilator lint_off UNUSED */ // bits dropped by the square and the shifts
      wire signed [2*RB-1:0]   xx      = x1 * x1;
      wire signed [DW+17:0]    rounded = dr + half;
      wire signed [DW+17:0]    shifted = (rounded >>> MINK) >>> vark[VARKW-1:0];
      /* verilator lint_on UNUSED */
      wire signed [TW-1:0]     scaled  = (ng >>> MINSG) >>> varsg[VARSGW-1:0];
      /* verilator lint_off UNUSED */ // saturation leaves the code's bits
      wire signed [TW-1:0]     clamped = scaled > hi ? hi : scaled < lo ? lo : scaled;
      /* verilator lint_on UNUSED */
      wire signed [15:0]       gamma   = param[15:0];
      wire signed [47:0]       beta    = param[63:16];
      always @(posedge aclk) begin
        x1     <= x;
        square <= xx[2*RB-2:0];
        // verilator lint_off WIDTH
        if (x1_valid) s1 <= x1_first ? x1 : s1 + x1;
        if (sq_valid) s2 <= sq_first ? square : s2 + square;
        if (root_q[5] && lane_q[LIW*5 +: LIW] == g[LIW-1:0]) r <= root;
        cx <= x1 * $signed({1'b0, C[L:0]});
        d  <= cx - s1;
        dr <= d * $signed({1'b0, r});
        n  <= shifted;
        ng <= n * gamma + beta;
        y  <= clamped;
        // verilator lint_on WIDTH
      end
      assign all_s1[g*S1W +: S1W] = s1;
      assign all_s2[g*S2W +: S2W] = s2;
      assign col[g*YB +: YB] = y;
    end
  endgenerate
endmodule
