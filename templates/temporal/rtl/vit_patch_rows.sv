// Patches of the image, a row tile ahead of the patch embedding: words for Q.
module vit_patch_rows #(
<% constants %>
) (
  input  wire                        aclk,
  input  wire                        aresetn,
  // Beats of the image, out of the stream.
  input  wire                        image_we,
  /* verilator lint_off UNUSED */ // as many bits as the image's buffer has
  input  wire [STREAM_WORD_BITS-1:0] word,
  input  wire [15:0]                 word_index,
  /* verilator lint_on UNUSED */
  input  wire                        start_patches,
  output wire                        running,
  output wire                        done,
  output wire                        row_made,       // a row tile is in Q
  output wire                        word_valid,
  output wire [ADDR_BITS-1:0]        word_addr,
  output wire [TK*TM*PIXEL_BITS-1:0] word_out,
  // For verification only.
  /* verilator lint_off UNUSED */
  input  wire [DESCRIPTOR_BITS-1:0]  step_desc
  /* verilator lint_on UNUSED */
);
  wire                             last, op_last;    // of the row tile, of the op
  wire [PATCH_WORD_INDEX_BITS-1:0] index;
  /* verilator lint_off UNUSED */ // for verification
  wire [7:0]                       trace_count;
  /* verilator lint_on UNUSED */
  vit_patch_gather #(.LANES(TM), .TK(TK), .TOKENS(TOKENS), .PREFIX_TOKENS(PREFIX_TOKENS), .IMAGE_HEIGHT(IMAGE_HEIGHT),
                     .IMAGE_WIDTH(IMAGE_WIDTH), .IMAGE_CHANNELS(IMAGE_CHANNELS), .PATCH_SIZE(PATCH_SIZE),
                     .CHUNK_VALUES(CHUNK_VALUES), .PIXEL_BITS(PIXEL_BITS), .BUS_BITS(BUS_BITS),
                     .IMAGE_ADDR_BITS(IMAGE_ADDR_BITS), .PATCH_WORD_INDEX_BITS(PATCH_WORD_INDEX_BITS),
                     .STYLE(IMAGE_STYLE)) u_gather (
    .aclk(aclk), .aresetn(aresetn), .we(image_we), .waddr(word_index[IMAGE_ADDR_BITS-1:0]), .wdata(word[BUS_BITS-1:0]),
    .start(start_patches), .running(running), .word_valid(word_valid), .word_index(index),
    .word_last(last), .op_last(op_last), .word_count(trace_count), .word(word_out)
  );
  reg  [ADDR_BITS-1:0] base;                         // of the row tile in Q
  always @(posedge aclk)
    if (start_patches)           base <= {ADDR_BITS{1'b0}};
    else if (word_valid && last) base <= base + Q_PATCH_ROW_WORDS[ADDR_BITS-1:0];
  assign word_addr = base + {{(ADDR_BITS-PATCH_WORD_INDEX_BITS){1'b0}}, index};
  assign row_made  = word_valid && last;
  assign done      = row_made && op_last;

  // For verification only: what the patches are, in their order. Nothing reads it, so synthesis removes it.
  /* verilator lint_off UNUSED */
<% fields "s_" "step_desc" %>
  reg  [11:0]    trace_op;
  always @(posedge aclk) if (start_patches) trace_op <= s_op;
  wire [TK*TM*32-1:0] trace_cols;
  genvar g;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_trace
      assign trace_cols[g*32 +: 32] = {{(32-PIXEL_BITS+1){word_out[g*PIXEL_BITS + PIXEL_BITS-1]}},
                                       word_out[g*PIXEL_BITS +: PIXEL_BITS-1]};
    end
  endgenerate
  /* verilator lint_on UNUSED */
endmodule
