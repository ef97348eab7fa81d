// Scales of each token's own. X and Q hold fine codes; the array takes them shifted by a power of two that is the
// row's, the least with which its largest magnitude fits the codes of the matmul. The sums are shifted back when they
// have left the array.
//
// A row tile's powers are there two cycles after its number, as its codes are, and again with its columns.
module vit_token_scales #(
<% constants %>
) (
  input  wire                                    aclk,
  input  wire                                    aresetn,
  // Columns for X of LayerNorm.
  input  wire                                    start_norm,
  input  wire                                    norm_valid, norm_last,     // of its row tile
  input  wire [VECTOR_LANES*NORM_OUT_BITS-1:0]   norm_col,
  // Columns for X and Q of matmuls.
  input  wire                                    out_valid, out_end,        // the op's last
  input  wire [2:0]                              out_to,
  input  wire                                    out_first_tile, out_first, // tile column 0; first of its tile
  input  wire [ROW_INDEX_BITS-1:0]               out_row,
  input  wire [VECTOR_LANES*ACTIVATION_BITS-1:0] code_col,
  // The matmul that is fed, and its row tile.
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCRIPTOR_BITS-1:0]              feed_desc,
  input  wire [15:0]                             a_row,
  /* verilator lint_on UNUSED */
  output reg  [TM*POWER_BITS-1:0]                powers,      // of the row tile two cycles ago
  input  wire                                    beats_done,  // its last beat, likewise
  // Its columns.
  input  wire                                    tile_valid,
  output reg  [TM*POWER_BITS-1:0]                col_powers   // from the cycle after tile_valid on
);
<% fields "f_" "feed_desc" %>

  // Rows of X: those of LayerNorm, or of a value product, a row tile an op, head by head: a row begins with head 0.
  localparam [31:0] LAST_ROW_TILE = ROW_TILES - 1;
  reg                      norm_first, first_head;
  reg [ROW_INDEX_BITS-1:0] norm_row, context_row;
  wire                     to_x = out_valid && out_to == TO_X;
  wire                     last_row = context_row == LAST_ROW_TILE[ROW_INDEX_BITS-1:0];
  always @(posedge aclk)
    if (start_norm) begin
      norm_first  <= 1'b1;
      norm_row    <= {ROW_INDEX_BITS{1'b0}};
      first_head  <= 1'b1;
      context_row <= {ROW_INDEX_BITS{1'b0}};
    end else begin
      if (norm_valid) begin
        norm_first <= norm_last;
        if (norm_last) norm_row <= norm_row + 1'b1;
      end
      if (out_end && out_to == TO_X) begin
        context_row <= last_row ? {ROW_INDEX_BITS{1'b0}} : context_row + 1'b1;
        if (last_row) first_head <= 1'b0;
      end
    end

  // Of X or Q the row tile's, in the cycle after its number; then the powers.
  wire [TM*ACTIVATION_BITS-1:0] x_magnitude, q_magnitude;
  vit_row_magnitudes #(.LANES(TM), .VECTOR_COLUMNS(VECTOR_COLUMNS), .ELEMENT_BITS(ACTIVATION_BITS),
                       .ROW_TILES(ROW_TILES), .ROW_INDEX_BITS(ROW_INDEX_BITS)) u_x (
    .aclk(aclk), .in_valid(norm_valid || to_x),
    .begins(norm_valid ? norm_first : first_head && out_first_tile && out_first),
    .in_row(norm_valid ? norm_row : context_row), .in_col(norm_valid ? norm_col : code_col),
    .row(a_row[ROW_INDEX_BITS-1:0]), .magnitude(x_magnitude)
  );
  vit_row_magnitudes #(.LANES(TM), .VECTOR_COLUMNS(VECTOR_COLUMNS), .ELEMENT_BITS(ACTIVATION_BITS),
                       .ROW_TILES(ROW_TILES), .ROW_INDEX_BITS(ROW_INDEX_BITS)) u_q (
    .aclk(aclk), .in_valid(out_valid && out_to == TO_Q), .begins(out_first_tile && out_first), .in_row(out_row),
    .in_col(code_col), .row(a_row[ROW_INDEX_BITS-1:0]), .magnitude(q_magnitude)
  );
  reg        from_x, scaled;
  reg  [3:0] code_bits;
  always @(posedge aclk) begin
    from_x    <= f_a_from == FROM_X;
    scaled    <= f_code_bits != 4'd0;
    code_bits <= f_code_bits;
  end
  function [4:0] bit_length(input [ACTIVATION_BITS-1:0] v);
    integer i;
    begin
      bit_length = 5'd0;
      for (i = 0; i < ACTIVATION_BITS; i = i + 1) if (v[i]) bit_length = i[4:0] + 5'd1;
    end
  endfunction
  genvar g;
  generate
    for (g = 0; g < TM; g = g + 1) begin : gen_row
      wire [4:0] used = bit_length(from_x ? x_magnitude[g*ACTIVATION_BITS +: ACTIVATION_BITS]
                                          : q_magnitude[g*ACTIVATION_BITS +: ACTIVATION_BITS]);
      /* verilator lint_off UNUSED */ // no power has five bits
      wire [4:0] over = used - {1'b0, code_bits} + 5'd1;
      /* verilator lint_on UNUSED */
      always @(posedge aclk)
        powers[g*POWER_BITS +: POWER_BITS] <= scaled && used >= {1'b0, code_bits} ? over[POWER_BITS-1:0]
                                                                                  : {POWER_BITS{1'b0}};
    end
  endgenerate

  // Those of the tiles in the array wait for their columns.
  (* ram_style = "distributed" *) reg [TM*POWER_BITS-1:0] waiting [0:(1<<TILE_INDEX_BITS)-1];
  reg [TILE_INDEX_BITS-1:0] put, get;
  always @(posedge aclk) begin
    if (!aresetn) begin
      put <= {TILE_INDEX_BITS{1'b0}};
      get <= {TILE_INDEX_BITS{1'b0}};
    end else begin
      if (beats_done) put <= put + 1'b1;
      if (tile_valid) get <= get + 1'b1;
    end
    if (beats_done) waiting[put] <= powers;
    if (tile_valid) col_powers   <= waiting[get];
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  wire [TILE_INDEX_BITS-1:0] after = put + 1'b1;
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (tile_valid && put == get) begin
        $display("%m: columns leave whose powers were never put");
        $stop;
      end
      if (beats_done && after == get) begin
        $display("%m: more tiles are in the array than powers can wait for");
        $stop;
      end
      if (norm_valid && to_x) begin
        $display("%m: LayerNorm and a value product make columns for X in a cycle");
        $stop;
      end
    end
  end
`endif
endmodule
