// Turns the raster image (u8, rows of pixels, channels innermost) into words of patches: TK values
// of a patch for LANES tokens. The values of a patch come as they lie in the image, (row, column,
// channel), so that a read takes CHUNK_VALUES of them: the largest chunk that neither a beat of the bus nor a
// row of a patch cuts. The weights of the patch embedding are stored in that order.
// A value p becomes the code sat((p - 128 + half) >> (8 - PIXEL_BITS)); prefix tokens (the class token)
// and tokens past the end become 0.
<%- if .TokenPairs %>
// A read is of two neighbouring tokens: the image is in two memories, of chunks with even and with odd
// numbers, and neighbouring patches are an odd number of chunks apart. A chunk of LANES tokens
// takes PERIOD = max(LANES/2, CHUNK_VALUES/TK) cycles: a read two tokens, a word a cycle.
<%- else %>
// A chunk of LANES tokens takes PERIOD = max(LANES, CHUNK_VALUES/TK) cycles: a read a token, a word a cycle.
<%- end %>
module vit_patch_gather #(
  parameter LANES                 = 8,      // [lanes] tokens of a row tile
  parameter TK                    = 2,      // [products] that a PE sums in a cycle: values of a word
  parameter TOKENS                = 17,     // [tokens] of an image
  parameter PREFIX_TOKENS         = 1,      // [tokens] in front of the patches
  parameter IMAGE_HEIGHT          = 8,      // [pixels] height of an image
  parameter IMAGE_WIDTH           = 8,      // [pixels] its width
  parameter IMAGE_CHANNELS        = 1,      // [channels] of a pixel
  parameter PATCH_SIZE            = 2,      // [pixels] side of a patch
  parameter CHUNK_VALUES          = 2,      // [values] of a patch that are read in a cycle
  parameter PIXEL_BITS            = 8,      // [bits] pixel codes, signed
  parameter BUS_BITS              = 64,     // [bits] data of the bus
  parameter IMAGE_ADDR_BITS       = 3,      // [bits] number of a beat of the image
  parameter PATCH_WORD_INDEX_BITS = 2,      // [bits] number of a word of TK values within a patch
  parameter STYLE                 = "auto"  // [text] ram_style of the image
) (
  input  wire                             aclk,
  input  wire                             aresetn,
  input  wire                             we,
  input  wire [IMAGE_ADDR_BITS-1:0]       waddr,
  input  wire [BUS_BITS-1:0]              wdata,
  input  wire                             start,
  output wire                             running,
  output reg                              word_valid,
  output reg  [PATCH_WORD_INDEX_BITS-1:0] word_index,                       // within the patch
  output reg                              word_last,                        // of the row tile
  output reg                              op_last,                          // with word_last: the op's last
  output reg  [7:0]                       word_count,                       // values of the patch in it
  output reg  [TK*LANES*PIXEL_BITS-1:0]   word                                // value k, token r at k*LANES + r
);
  localparam BEATS             = (IMAGE_HEIGHT*IMAGE_WIDTH*IMAGE_CHANNELS*8 + BUS_BITS - 1) / BUS_BITS;
  localparam CHUNK_ADDR_BITS   = IMAGE_ADDR_BITS + $clog2(BUS_BITS/8/CHUNK_VALUES);  // bits of a chunk address
  localparam TOKEN_INDEX_BITS  = $clog2(TOKENS + LANES) + 1;                // bits of a token index
  localparam COLUMN_INDEX_BITS = $clog2(IMAGE_WIDTH/PATCH_SIZE + 1);
  localparam CHUNKS            = PATCH_SIZE*PATCH_SIZE*IMAGE_CHANNELS / CHUNK_VALUES;  // of a patch
  localparam ROW_CHUNKS        = PATCH_SIZE*IMAGE_CHANNELS / CHUNK_VALUES;  // of a row of a patch
  localparam LINE_CHUNKS       = IMAGE_WIDTH*IMAGE_CHANNELS / CHUNK_VALUES;  // of a line of the image
  localparam WORDS             = CHUNK_VALUES > TK ? CHUNK_VALUES / TK : 1;  // of a chunk
  localparam PARTS             = TK > CHUNK_VALUES ? TK / CHUNK_VALUES : 1;  // chunks of a word
<%- if .TokenPairs %>
  localparam READS             = LANES/2;                                   // of a chunk, each of two tokens
  localparam PERIOD            = READS > WORDS ? READS : WORDS;
<%- else %>
  localparam PERIOD            = LANES > WORDS ? LANES : WORDS;
<%- end %>
  localparam CHUNK_INDEX_BITS  = $clog2(CHUNKS + 1);
  localparam CYCLE_BITS        = $clog2(PERIOD + 1);
  localparam [31:0] PERIOD_1 = PERIOD - 1, CHUNKS_1 = CHUNKS - 1, ROW_CHUNKS_1 = ROW_CHUNKS - 1,
                    COLUMNS_1 = IMAGE_WIDTH/PATCH_SIZE - 1, WORDS_1 = WORDS - 1, PARTS_1 = PARTS - 1,
                    <% if .TokenPairs %>READS_1 = READS - 1<% else %>LANES_1 = LANES - 1<% end %>;

<%- if .TokenPairs %>
  // Loops: row tile, chunk of the patch, pair of tokens. The token walk starts over at each chunk.
  // `token` and what follows from it are of the first token of the pair; `lane` counts pairs.
<%- else %>
  // Loops: row tile, chunk of the patch, token. The token walk starts over at each chunk.
<%- end %>
  reg                         run;
  reg [CYCLE_BITS-1:0]        lane;
  reg [CHUNK_INDEX_BITS-1:0]  chunk, across;    // across: within the patch's row
  reg [TOKEN_INDEX_BITS-1:0]  token, tile_token;
  reg [COLUMN_INDEX_BITS-1:0] px, tile_px;      // patch column of the token
  reg [CHUNK_ADDR_BITS-1:0]   base, tile_base;  // address of the token's top left chunk
  reg [CHUNK_ADDR_BITS-1:0]   offset;           // chunk within the patch

<%- if .TokenPairs %>
  wire on_token  = lane <= READS_1[CYCLE_BITS-1:0];
  wire end_lane  = lane == PERIOD_1[CYCLE_BITS-1:0];
<%- else %>
  /* verilator lint_off UNSIGNED */            // without prefix tokens
  wire is_patch  = token >= PREFIX_TOKENS[TOKEN_INDEX_BITS-1:0] && token < TOKENS[TOKEN_INDEX_BITS-1:0];
  /* verilator lint_on UNSIGNED */
  wire on_token  = lane <= LANES_1[CYCLE_BITS-1:0];
  wire end_lane  = lane == PERIOD_1[CYCLE_BITS-1:0];
<%- end %>
  wire end_chunk = chunk == CHUNKS_1[CHUNK_INDEX_BITS-1:0];
<%- if .TokenPairs %>
  // The second token of the pair, and the token after it. Prefix tokens do not move over the image.
  wire [TOKEN_INDEX_BITS-1:0]  second      = token + 1'b1;
  /* verilator lint_off UNSIGNED */            // without prefix tokens
  wire                         is_patch_a  = token  >= PREFIX_TOKENS[TOKEN_INDEX_BITS-1:0]
                                           && token  < TOKENS[TOKEN_INDEX_BITS-1:0];
  wire                         is_patch_b  = second >= PREFIX_TOKENS[TOKEN_INDEX_BITS-1:0]
                                           && second < TOKENS[TOKEN_INDEX_BITS-1:0];
  /* verilator lint_on UNSIGNED */
  wire                         end_row_a   = px == COLUMNS_1[COLUMN_INDEX_BITS-1:0];
  wire [COLUMN_INDEX_BITS-1:0] second_px   = !is_patch_a ? px : end_row_a ? {COLUMN_INDEX_BITS{1'b0}} : px + 1'b1;
  wire                         end_row_b   = second_px == COLUMNS_1[COLUMN_INDEX_BITS-1:0];
  wire [TOKEN_INDEX_BITS-1:0]  next_token  = on_token ? second + 1'b1 : token;
  wire [COLUMN_INDEX_BITS-1:0] next_px     = !on_token ? px : !is_patch_b ? second_px
                                           : end_row_b ? {COLUMN_INDEX_BITS{1'b0}} : second_px + 1'b1;
  /* verilator lint_off UNUSED */ // below the image's chunks
  wire [31:0]                  move_a      = !is_patch_a ? 32'd0 : end_row_a ? ROW_CHUNKS + (PATCH_SIZE-1)*LINE_CHUNKS
                                           : ROW_CHUNKS;
  wire [31:0]                  move_b      = !is_patch_b ? 32'd0 : end_row_b ? ROW_CHUNKS + (PATCH_SIZE-1)*LINE_CHUNKS
                                           : ROW_CHUNKS;
  wire [31:0]                  step        = across == ROW_CHUNKS_1[CHUNK_INDEX_BITS-1:0]
                                           ? LINE_CHUNKS - ROW_CHUNKS + 1 : 1;
  /* verilator lint_on UNUSED */
  wire [CHUNK_ADDR_BITS-1:0]   second_base = base + move_a[CHUNK_ADDR_BITS-1:0];
  wire [CHUNK_ADDR_BITS-1:0]   next_base   = on_token ? second_base + move_b[CHUNK_ADDR_BITS-1:0] : base;
<%- else %>
  wire end_row   = px == COLUMNS_1[COLUMN_INDEX_BITS-1:0];
  // The token after this one. Prefix tokens do not move over the image.
  wire [TOKEN_INDEX_BITS-1:0]  next_token = on_token ? token + 1'b1 : token;
  wire [COLUMN_INDEX_BITS-1:0] next_px    = !is_patch || !on_token ? px : end_row ? {COLUMN_INDEX_BITS{1'b0}}
                                          : px + 1'b1;
  /* verilator lint_off UNUSED */ // below the image's chunks
  wire [31:0]                  move       = !is_patch || !on_token ? 32'd0 : end_row
                                          ? ROW_CHUNKS + (PATCH_SIZE-1)*LINE_CHUNKS : ROW_CHUNKS;
  wire [31:0]                  step       = across == ROW_CHUNKS_1[CHUNK_INDEX_BITS-1:0]
                                          ? LINE_CHUNKS - ROW_CHUNKS + 1 : 1;
  /* verilator lint_on UNUSED */
  wire [CHUNK_ADDR_BITS-1:0]   next_base  = base + move[CHUNK_ADDR_BITS-1:0];
<%- end %>
  wire                         end_tile   = end_lane && end_chunk;
  wire                         end_all    = end_tile && next_token >= TOKENS[TOKEN_INDEX_BITS-1:0];
  always @(posedge aclk) begin
    if (!aresetn)     run <= 1'b0;
    else if (start)   run <= 1'b1;
    else if (end_all) run <= 1'b0;
    if (start) begin
      lane <= 0; chunk <= 0; across <= 0; token <= 0; tile_token <= 0; px <= 0; tile_px <= 0;
      base <= 0; tile_base <= 0; offset <= 0;
    end else if (run) begin
      lane  <= end_lane ? {CYCLE_BITS{1'b0}} : lane + 1'b1;
      token <= end_lane && !end_chunk ? tile_token : next_token;
      px    <= end_lane && !end_chunk ? tile_px    : next_px;
      base  <= end_lane && !end_chunk ? tile_base  : next_base;
      if (end_lane) begin
        chunk  <= end_chunk ? {CHUNK_INDEX_BITS{1'b0}} : chunk + 1'b1;
        across <= end_chunk || across == ROW_CHUNKS_1[CHUNK_INDEX_BITS-1:0] ? {CHUNK_INDEX_BITS{1'b0}} : across + 1'b1;
        offset <= end_chunk ? {CHUNK_ADDR_BITS{1'b0}} : offset + step[CHUNK_ADDR_BITS-1:0];
      end
      if (end_tile) begin
        tile_token <= next_token;
        tile_px    <= next_px;
        tile_base  <= next_base;
      end
    end
  end

<%- if .TokenPairs %>
  // Chunks of both tokens. If one of them is not a patch, what is read for it does not matter.
  localparam HALF = BUS_BITS/2;                // bits of a beat in one of the memories
  wire [CHUNK_ADDR_BITS-1:0] addr_a = base + offset, addr_b = second_base + offset;
  wire [IMAGE_ADDR_BITS-1:0] beat_a = addr_a[CHUNK_ADDR_BITS-1 -: IMAGE_ADDR_BITS];
  wire [IMAGE_ADDR_BITS-1:0] beat_b = addr_b[CHUNK_ADDR_BITS-1 -: IMAGE_ADDR_BITS];
  wire [HALF-1:0]            even_in, odd_in, even, odd;
  genvar c;
  generate
    for (c = 0; c < HALF/8/CHUNK_VALUES; c = c + 1) begin : gen_halves
      assign even_in[c*8*CHUNK_VALUES +: 8*CHUNK_VALUES] = wdata[2*c*8*CHUNK_VALUES +: 8*CHUNK_VALUES];
      assign odd_in[c*8*CHUNK_VALUES +: 8*CHUNK_VALUES]  = wdata[(2*c + 1)*8*CHUNK_VALUES +: 8*CHUNK_VALUES];
    end
  endgenerate
  vit_ram #(.WIDTH(HALF), .DEPTH(BEATS), .ADDR_BITS(IMAGE_ADDR_BITS), .STYLE(STYLE)) u_even (
    .aclk(aclk), .we(we), .waddr(waddr), .wdata(even_in),
    .raddr(addr_a[0] ? beat_b : beat_a), .rdata(even)
  );
  vit_ram #(.WIDTH(HALF), .DEPTH(BEATS), .ADDR_BITS(IMAGE_ADDR_BITS), .STYLE(STYLE)) u_odd (
    .aclk(aclk), .we(we), .waddr(waddr), .wdata(odd_in),
    .raddr(addr_a[0] ? beat_a : beat_b), .rdata(odd)
  );

  // Stage 0: both are read; stage 1: they are there; stage 2: the tokens' codes shift in, until the chunk is whole.
  reg              token0, token1, whole0, whole1, whole2, tile0, tile1, tile2, all0, all1, all2;
  reg              patch0_a, patch0_b, odd0_a, odd0_b, patch1_a, patch1_b, odd1_a, odd1_b;
  reg [31:0]       place0_a, place0_b, place1_a, place1_b;        // first bit of the chunk in its half of a beat
  reg [CHUNK_VALUES*PIXEL_BITS*LANES-1:0] codes;               // token r, value i at (r*CHUNK_VALUES + i)*PIXEL_BITS
  localparam signed [8:0] TOP = (1 << (PIXEL_BITS - 1)) - 1;
  /* verilator lint_off UNUSED */
  wire [HALF-1:0]                     aligned_a = (odd1_a ? odd : even) >> place1_a;
  wire [HALF-1:0]                     aligned_b = (odd1_b ? odd : even) >> place1_b;
  reg signed [8:0]                    centred, rounded, code;  // saturated to PIXEL_BITS bits
  /* verilator lint_on UNUSED */
  reg [2*CHUNK_VALUES*PIXEL_BITS-1:0] chunk_codes;
  integer i;
<%- else %>
  wire [CHUNK_ADDR_BITS-1:0] chunk_addr = base + offset;
  wire [BUS_BITS-1:0]        beat;
  vit_ram #(.WIDTH(BUS_BITS), .DEPTH(BEATS), .ADDR_BITS(IMAGE_ADDR_BITS), .STYLE(STYLE)) u_image (
    .aclk(aclk), .we(we), .waddr(waddr), .wdata(wdata),
    .raddr(chunk_addr[CHUNK_ADDR_BITS-1 -: IMAGE_ADDR_BITS]), .rdata(beat)
  );

  // Stage 0: the beat is read; stage 1: it is there; stage 2: the tokens' codes shift in, until the chunk is whole.
  reg              token0, token1, patch0, patch1, whole0, whole1, whole2, tile0, tile1, tile2, all0, all1, all2;
  reg [31:0]       place0, place1;                    // first bit of the chunk in its beat
  reg [CHUNK_VALUES*PIXEL_BITS*LANES-1:0] codes;             // token r, value i at (r*CHUNK_VALUES + i)*PIXEL_BITS
  localparam signed [8:0] TOP = (1 << (PIXEL_BITS - 1)) - 1;
  /* verilator lint_off UNUSED */
  wire [BUS_BITS-1:0]               aligned = beat >> place1;
  reg signed [8:0]                  centred, rounded, code;  // saturated to PIXEL_BITS bits
  /* verilator lint_on UNUSED */
  reg [CHUNK_VALUES*PIXEL_BITS-1:0] chunk_codes;
  integer i;
<%- end %>
  always @* begin
    centred = 9'sd0;
    rounded = 9'sd0;
    code    = 9'sd0;
<%- if .TokenPairs %>
    for (i = 0; i < 2*CHUNK_VALUES; i = i + 1) begin
      centred = $signed({1'b0, i < CHUNK_VALUES ? aligned_a[(i%CHUNK_VALUES)*8 +: 8]
              : aligned_b[(i%CHUNK_VALUES)*8 +: 8]}) - 9'sd128;
      rounded = PIXEL_BITS < 8 ? (centred + $signed({8'd0, 1'b1} << (7 - PIXEL_BITS))) >>> (8 - PIXEL_BITS) : centred;
      code    = !(i < CHUNK_VALUES ? patch1_a : patch1_b) ? 9'sd0 : rounded > TOP ? TOP : rounded;
<%- else %>
    for (i = 0; i < CHUNK_VALUES; i = i + 1) begin
      centred = $signed({1'b0, aligned[i*8 +: 8]}) - 9'sd128;
      rounded = PIXEL_BITS < 8 ? (centred + $signed({8'd0, 1'b1} << (7 - PIXEL_BITS))) >>> (8 - PIXEL_BITS) : centred;
      code    = !patch1 ? 9'sd0 : rounded > TOP ? TOP : rounded;
<%- end %>
      chunk_codes[i*PIXEL_BITS +: PIXEL_BITS] = code[PIXEL_BITS-1:0];
    end
  end
  always @(posedge aclk) begin
    token0 <= run && on_token;
<%- if .TokenPairs %>
    patch0_a <= is_patch_a;
    patch0_b <= is_patch_b;
    odd0_a   <= addr_a[0];
    odd0_b   <= addr_b[0];
    place0_a <= (({{(32-CHUNK_ADDR_BITS){1'b0}}, addr_a} & (BUS_BITS/8/CHUNK_VALUES - 1)) >> 1) * (8*CHUNK_VALUES);
    place0_b <= (({{(32-CHUNK_ADDR_BITS){1'b0}}, addr_b} & (BUS_BITS/8/CHUNK_VALUES - 1)) >> 1) * (8*CHUNK_VALUES);
    whole0 <= aresetn && run && lane == READS_1[CYCLE_BITS-1:0];
    tile0  <= end_chunk;
    all0   <= end_chunk && next_token >= TOKENS[TOKEN_INDEX_BITS-1:0];
<%- else %>
    patch0 <= is_patch;
    place0 <= ({{(32-CHUNK_ADDR_BITS){1'b0}}, chunk_addr} & (BUS_BITS/8/CHUNK_VALUES - 1)) * (8*CHUNK_VALUES);
    whole0 <= aresetn && run && lane == LANES_1[CYCLE_BITS-1:0];
    tile0  <= end_chunk;
    all0   <= end_chunk && token >= TOKENS[TOKEN_INDEX_BITS-1:0] - 1'b1;
<%- end %>
    token1 <= token0;
<%- if .TokenPairs %>
    {patch1_a, patch1_b, odd1_a, odd1_b} <= {patch0_a, patch0_b, odd0_a, odd0_b};
    place1_a <= place0_a;
    place1_b <= place0_b;
<%- else %>
    patch1 <= patch0;
    place1 <= place0;
<%- end %>
    whole1 <= aresetn && whole0;
    tile1  <= tile0;
    all1   <= all0;
    whole2 <= aresetn && whole1;
    tile2  <= tile1;
    all2   <= all1;
<%- if .TokenPairs %>
    if (token1)
      codes <= {chunk_codes, {CHUNK_VALUES*PIXEL_BITS*(LANES-2){1'b0}}} | codes >> (2*CHUNK_VALUES*PIXEL_BITS);
<%- else %>
    if (token1) codes <= {chunk_codes, {CHUNK_VALUES*PIXEL_BITS*(LANES-1){1'b0}}} | codes >> (CHUNK_VALUES*PIXEL_BITS);
<%- end %>
  end

  // Stage 3: the chunk leaves a word a cycle, or is a part of a word.
  reg [CHUNK_VALUES*PIXEL_BITS*LANES-1:0] whole;
  reg [CHUNK_INDEX_BITS:0] left;              // words of the chunk still to go
  reg                      tile3, all3;
  reg [7:0]                part;              // chunks of the word that have come
  wire                     begins = PARTS > 1 ? whole2 : left != 0;
  wire [CHUNK_VALUES*PIXEL_BITS*LANES-1:0] source = PARTS > 1 ? codes : whole;
  wire                     tile_s = PARTS > 1 ? tile2 : tile3;
  wire                     all_s  = PARTS > 1 ? all2 : all3;
  wire                     fills  = PARTS > 1 ? part == PARTS_1[7:0] || tile_s : 1'b1;
  wire                     final_word = PARTS > 1 ? tile_s : tile_s && left == 1;
  integer t, v;
  always @(posedge aclk) begin
    if (whole2) begin
      whole <= codes;
      tile3 <= tile2;
      all3  <= all2;
    end else if (left != 0) whole <= whole >> (TK * PIXEL_BITS);
    if (!aresetn)       left <= 0;
    else if (whole2)    left <= WORDS_1[CHUNK_INDEX_BITS:0] + 1'b1;
    else if (left != 0) left <= left - 1'b1;
    word_valid <= aresetn && begins && fills;
    if (start) begin
      part      <= 0;
      word_last <= 1'b1;                      // the next word is a row tile's first
    end else if (begins) begin
      word_last <= final_word;
      op_last   <= all_s;
      part      <= fills ? 0 : part + 1'b1;
      if (part == 0) word_index <= word_last ? {PATCH_WORD_INDEX_BITS{1'b0}} : word_index + 1'b1;
      word_count <= PARTS > 1 ? (part + 8'd1) * CHUNK_VALUES[7:0] : TK[7:0];
      for (t = 0; t < LANES; t = t + 1)
        for (v = 0; v < TK; v = v + 1)
          if (PARTS > 1) begin
            if (v / CHUNK_VALUES == {24'd0, part})
              word[(v*LANES + t)*PIXEL_BITS +: PIXEL_BITS] <=
                  source[(t*CHUNK_VALUES + v%CHUNK_VALUES)*PIXEL_BITS +: PIXEL_BITS];
            else if (part == 0) word[(v*LANES + t)*PIXEL_BITS +: PIXEL_BITS] <= {PIXEL_BITS{1'b0}};
          end else
            word[(v*LANES + t)*PIXEL_BITS +: PIXEL_BITS] <= source[(t*CHUNK_VALUES + v)*PIXEL_BITS +: PIXEL_BITS];
    end
  end
  assign running = run || token0 || token1 || whole0 || whole1 || whole2 || left != 0 || word_valid;

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (start && run) begin
        $display("%m: patches start in others");
        $stop;
      end
      if (we && waddr >= BEATS) begin
        $display("%m: a beat past the end of the image");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (BEATS > (1 << IMAGE_ADDR_BITS)) begin : gen_refused_BEATS_needs_more_bits_than_IMAGE_ADDR_BITS
      vit_patch_gather_BEATS_needs_more_bits_than_IMAGE_ADDR_BITS u_refused ();
    end
    if ((PATCH_SIZE*IMAGE_CHANNELS) % CHUNK_VALUES != 0) begin : gen_refused_CHUNK_VALUES_cuts_a_row_of_a_patch
      vit_patch_gather_CHUNK_VALUES_cuts_a_row_of_a_patch u_refused ();
    end
    if (IMAGE_HEIGHT % PATCH_SIZE != 0 || IMAGE_WIDTH % PATCH_SIZE != 0)
    begin : gen_refused_PATCH_SIZE_does_not_divide_the_image
      vit_patch_gather_PATCH_SIZE_does_not_divide_the_image u_refused ();
    end
  endgenerate
endmodule
