// Turns the raster image (u8, rows of pixels, channels innermost) into patch columns: LANES
// tokens of one of the C*P*P pixels of a patch, in the order (channel, row, column).
// A pixel p becomes the code sat((p - 128 + half) >> (8 - IB)); prefix tokens (the class
// token) and tokens past the end become 0.
// One pixel a cycle: a tile of LANES tokens takes LANES * C*P*P cycles.
module vit_patch_gather #(
  parameter LANES  = 8,
  parameter N      = 17,     // tokens
  parameter PREFIX = 1,      // prefix tokens
  parameter H      = 8,      // image height, width, channels and patch size in pixels
  parameter W      = 8,
  parameter CH     = 1,
  parameter P      = 2,
  parameter IB     = 8,      // bits of a pixel code, signed
  parameter BW     = 64,     // bus width: pixels arrive BW/8 a beat
  parameter BAW    = 3,      // bits of a beat address
  parameter CIW    = 2,      // bits of a pixel index within a patch
  parameter STYLE  = "auto"
) (
  input  wire                aclk,
  input  wire                aresetn,
  input  wire                we,
  input  wire [BAW-1:0]      waddr,
  input  wire [BW-1:0]       wdata,
  input  wire                start,
  output reg                 done,
  output wire                col_valid,
  output wire [CIW-1:0]      col_index,
  output wire                col_last,
  output wire [LANES*IB-1:0] col
);
  localparam BEATS = (H*W*CH*8 + BW - 1) / BW;
  localparam PXW   = BAW + $clog2(BW/8);      // bits of a pixel address
  localparam TW    = $clog2(N + LANES) + 1;   // bits of a token index
  localparam LIW   = LANES > 1 ? $clog2(LANES) : 1;
  localparam XW    = $clog2(W/P + 1);
  localparam [31:0]    LANES_1   = LANES - 1;
  localparam [31:0]    COLUMNS_1 = W/P - 1;
  localparam [LIW-1:0] LAST_LANE = LANES_1[LIW-1:0];
  localparam [XW-1:0]  LAST_PX   = COLUMNS_1[XW-1:0];
  localparam [CIW-1:0] LAST_K    = CH*P*P - 1;

  // Loops: tile, pixel k of the patch, lane. The token walk restarts at each k.
  reg            run;
  reg [LIW-1:0]  lane;
  reg [CIW-1:0]  k;
  reg [TW-1:0]   token, tile_token;
  reg [XW-1:0]   px, tile_px;                 // patch column of the token
  reg [PXW-1:0]  base, tile_base;             // address of the token's top left pixel
  reg [PXW-1:0]  offset, row_offset;          // pixel k within the patch
  reg [$clog2(P+1)-1:0]  kx, ky;

  wire is_patch  = token >= PREFIX[TW-1:0] && token < N[TW-1:0];
  wire end_lane  = lane == LAST_LANE;
  wire end_k     = k == LAST_K;
  wire end_all   = end_lane && end_k && token >= N[TW-1:0] - 1'b1;
  // The token after this one. Prefix tokens do not move over the image.
  wire [TW-1:0]  next_token = token + 1'b1;
  wire           end_row    = px == LAST_PX;
  wire [XW-1:0]  next_px    = !is_patch ? px : end_row ? {XW{1'b0}} : px + 1'b1;
  wire [PXW-1:0] next_base  = !is_patch ? base
                            : base + (end_row ? (P*CH + (P-1)*W*CH) : (P*CH));
  always @(posedge aclk) begin
    if (!aresetn)     run <= 1'b0;
    else if (start)   run <= 1'b1;
    else if (end_all) run <= 1'b0;
    if (start) begin
      lane <= 0; k <= 0; token <= 0; tile_token <= 0; px <= 0; tile_px <= 0;
      base <= 0; tile_base <= 0; offset <= 0; row_offset <= 0; kx <= 0; ky <= 0;
    end else if (run) begin
      lane  <= end_lane ? {LIW{1'b0}} : lane + 1'b1;
      token <= next_token;
      px    <= next_px;
      base  <= next_base;
      if (end_lane && !end_k) begin
        // Same tokens, next pixel: along the patch row, then down, then the next channel.
        token <= tile_token;
        px    <= tile_px;
        base  <= tile_base;
        k     <= k + 1'b1;
        if (kx != P - 1) begin
          kx         <= kx + 1'b1;
          offset     <= offset + CH;
        end else begin
          kx         <= 0;
          ky         <= ky == P - 1 ? 0 : ky + 1'b1;
          row_offset <= ky == P - 1 ? row_offset - (P-1)*W*CH + 1 : row_offset + W*CH;
          offset     <= ky == P - 1 ? row_offset - (P-1)*W*CH + 1 : row_offset + W*CH;
        end
      end
      if (end_lane && end_k) begin
        tile_token <= next_token;
        tile_px    <= next_px;
        tile_base  <= next_base;
        k          <= 0;
        kx         <= 0;
        ky         <= 0;
        offset     <= 0;
        row_offset <= 0;
      end
    end
  end

  wire [PXW-1:0] pixel_addr = base + offset;
  wire [BW-1:0]  beat;
  vit_ram #(.WIDTH(BW), .DEPTH(BEATS), .AW(BAW), .STYLE(STYLE)) u_image (
    .aclk(aclk), .we(we), .waddr(waddr), .wdata(wdata),
    .raddr(pixel_addr[PXW-1 -: BAW]), .rdata(beat)
  );

  // Stage 1: the beat is there; stage 2: the lanes shift in; stage 3: the column is whole.
  reg                      valid1, valid2, patch1, last1, last2;
  reg [PXW-BAW-1:0]        byte1;
  reg [CIW-1:0]            k1, k2;
  reg [LANES*IB-1:0]       lanes;
  wire [7:0]        pixel    = beat[{byte1, 3'd0} +: 8];
  wire signed [8:0] centred  = $signed({1'b0, pixel}) - 9'sd128;
  wire signed [8:0] rounded  = IB < 8 ? (centred + $signed({8'd0, 1'b1} << (7 - IB))) >>> (8 - IB) : centred;
  localparam signed [8:0] TOP = (1 << (IB - 1)) - 1;
  /* verilator lint_off UNUSED */ // saturated to IB bits
  wire signed [8:0] code     = !patch1 ? 9'sd0 : rounded > TOP ? TOP : rounded;
  /* verilator lint_on UNUSED */
  reg  last_all1, last_all2;
  always @(posedge aclk) begin
    valid1    <= aresetn & run & end_lane;
    patch1    <= is_patch;
    byte1     <= pixel_addr[PXW-BAW-1:0];
    k1        <= k;
    last1     <= end_k;
    last_all1 <= aresetn & run & end_all;
    valid2    <= valid1;
    k2        <= k1;
    last2     <= last1;
    last_all2 <= last_all1;
    done      <= last_all2;
    lanes     <= {code[IB-1:0], lanes[LANES*IB-1:IB]};
  end
  assign col_valid = valid2;
  assign col_index = k2;
  assign col_last  = last2;
  assign col       = lanes;
endmodule
