// Adds a bias to each score of a row tile, and takes those of tokens that do not meet out: they become the least score,
// which no sum is. Groups of columns leave three cycles after they came.
//
// A head's biases lie as its scores come: row tile by row tile of a window, a word for each group of columns. All
// windows have the same; a score has two bits beside its bias, which say whether its row and column do not meet in a
// window at the grid's lower edge, and at its right edge. Heads take turns with two banks.
module vit_score_bias #(
  parameter LANES      = 8,      // [lanes] scores of a group of columns
  parameter SCORE_BITS = 23,     // [bits] scores, signed
  parameter BIAS_WORDS = 64,     // [words] of a head's biases
  parameter ADDR_BITS  = 7,      // [bits] address in both banks
  parameter STYLE      = "auto"  // [text] ram_style of the biases
) (
  input  wire                        aclk,
  input  wire                        aresetn,
  input  wire                        we,
  input  wire                        wbank,
  /* verilator lint_off UNUSED */ // as many bits as a bank has
  input  wire [15:0]                 windex,
  /* verilator lint_on UNUSED */
  input  wire [LANES*(SCORE_BITS+2)-1:0] wdata,
  // A group, and whether it is its row tile's last; row tiles of a window and windows of the grid, less one.
  input  wire                        in_valid,
  input  wire                        in_end,
  input  wire [7:0]                  window_tiles_1, across_1, down_1,
  input  wire [LANES*SCORE_BITS-1:0] in_col,
  output wire                        out_valid,
  output wire                        out_end,
  output wire [LANES*SCORE_BITS-1:0] out_sum,  // whether they meet or not
  output wire [LANES*SCORE_BITS-1:0] out_col,
  output reg                         free      // a head's bank
);
  localparam [31:0] BIAS_WORDS_32 = BIAS_WORDS;
  reg                  bank;
  reg  [ADDR_BITS-1:0] address;
  reg  [7:0]           tile, across, down;
  wire                 end_window = in_end && tile == window_tiles_1;
  wire                 right      = across == across_1;
  wire                 lower      = down == down_1;
  wire                 end_head   = end_window && right && lower;
  always @(posedge aclk) begin
    free <= aresetn && in_valid && end_head;
    if (!aresetn) begin
      bank    <= 1'b0;
      address <= {ADDR_BITS{1'b0}};
      tile    <= 8'd0;
      across  <= 8'd0;
      down    <= 8'd0;
    end else if (in_valid) begin
      address <= end_head ? (bank ? {ADDR_BITS{1'b0}} : BIAS_WORDS_32[ADDR_BITS-1:0])
               : end_window ? (bank ? BIAS_WORDS_32[ADDR_BITS-1:0] : {ADDR_BITS{1'b0}}) : address + 1'b1;
      if (in_end) tile <= end_window ? 8'd0 : tile + 8'd1;
      if (end_window) begin
        across <= right ? 8'd0 : across + 8'd1;
        if (right) down <= lower ? 8'd0 : down + 8'd1;
      end
      if (end_head) bank <= ~bank;
    end
  end

  wire [LANES*(SCORE_BITS+2)-1:0] biases;
  vit_ram #(.WIDTH(LANES*(SCORE_BITS+2)), .DEPTH(2*BIAS_WORDS), .ADDR_BITS(ADDR_BITS), .STYLE(STYLE)) u_biases (
    .aclk(aclk), .we(we), .waddr(windex[ADDR_BITS-1:0] + (wbank ? BIAS_WORDS_32[ADDR_BITS-1:0] : {ADDR_BITS{1'b0}})),
    .wdata(wdata),
    .raddr(address), .rdata(biases)
  );
  reg  [2*LANES*SCORE_BITS-1:0] cols;
  reg  [2:0]                    valids, ends;
  reg  [1:0]                    rights, lowers;
  always @(posedge aclk) begin
    cols   <= {cols[LANES*SCORE_BITS-1:0], in_col};
    valids <= aresetn ? {valids[1:0], in_valid} : 3'd0;
    ends   <= aresetn ? {ends[1:0], in_valid && in_end} : 3'd0;
    rights <= {rights[0], right};
    lowers <= {lowers[0], lower};
  end
  assign out_valid = valids[2];
  assign out_end   = ends[2];
  genvar g;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      wire [SCORE_BITS+1:0] bias  = biases[g*(SCORE_BITS+2) +: SCORE_BITS+2];
      wire [SCORE_BITS-1:0] score = cols[(LANES + g)*SCORE_BITS +: SCORE_BITS];
      reg  [SCORE_BITS-1:0] sum;
      reg                   apart;
      always @(posedge aclk) begin
        sum   <= score + bias[SCORE_BITS-1:0];
        apart <= (lowers[1] && bias[SCORE_BITS]) || (rights[1] && bias[SCORE_BITS+1]);
      end
      assign out_sum[g*SCORE_BITS +: SCORE_BITS] = sum;
      assign out_col[g*SCORE_BITS +: SCORE_BITS] = apart ? {1'b1, {(SCORE_BITS-1){1'b0}}} : sum;
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
      if (we && windex >= BIAS_WORDS) begin
        $display("%m: a word of biases past the end of its bank");
        $stop;
      end
      if (in_valid && address >= 2*BIAS_WORDS) begin
        $display("%m: scores past the biases of both banks");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (2*BIAS_WORDS > (1 << ADDR_BITS)) begin : gen_refused_BIAS_WORDS_needs_more_bits_than_ADDR_BITS
      vit_score_bias_BIAS_WORDS_needs_more_bits_than_ADDR_BITS u_refused ();
    end
  endgenerate
endmodule
