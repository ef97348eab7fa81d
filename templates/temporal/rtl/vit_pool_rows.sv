<%- if .PoolStream -%>
// One row of all tokens of the residual stream, which it becomes a row of: words of VECTOR_COLUMNS channels, in lane 0.
<%- else -%>
// One row of all tokens of a LayerNorm's codes: words of TK codes for X, in lane 0.
<%- end %>
module vit_pool_rows #(
<% constants %>
) (
  input  wire                                  aclk,
  input  wire                                  aresetn,
  // The step that starts.
  input  wire                                  start_pool,
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCRIPTOR_BITS-1:0]            step_desc,
  /* verilator lint_on UNUSED */
  output wire                                  running,  // up to its last word in a buffer
<%- if .PoolStream %>
  // Residual stream, read latency 2.
  output wire                                  reading,
  output wire [ADDR_BITS-1:0]                  res_addr,
  input  wire [VECTOR_LANES*RESIDUAL_BITS-1:0] res_rdata,
<%- else %>
  // The LayerNorm: where it starts, and its groups of columns of codes.
  input  wire                                  start_norm,
  input  wire                                  col_valid, col_last,
  /* verilator lint_off UNUSED */ // as many bits as there are channels
  input  wire [GROUP_INDEX_BITS-1:0]           col_group,
  input  wire [VECTOR_LANES*NORM_OUT_BITS-1:0] col,
  /* verilator lint_on UNUSED */
  // The row tile that comes has the first token that counts; it has such a token.
  output wire                                  opening, counted,
  output wire                                  done,     // the row is in X
<%- end %>
  output wire                                  word_valid,
<%- if .PoolStream %>
  output reg                                   word_last,
<%- end %>
  output wire [ADDR_BITS-1:0]                  word_addr,
  output wire [POOL_WORD_VALUES*POOL_OUT_BITS-1:0] word_out
);
<% fields "s_" "step_desc" %>
<%- if not .PoolMax %>

  // The op's settings: the step changes while it runs.
  reg  [15:0]          mul, zero;
  /* verilator lint_off UNUSED */ // as many bits as a sum has
  reg  [31:0]          offset;
  /* verilator lint_on UNUSED */
  reg  [4:0]           bits;
  always @(posedge aclk) if (start_pool) begin
    mul    <= s_pool_mul;
    zero   <= s_pool_zero;
    offset <= s_pool_offset;
    bits   <= s_bits;
  end
<%- end %>

  wire                               busy, valid, last;
  wire [POOL_CHANNEL_INDEX_BITS-1:0] channel;
  wire [POOL_OUT_BITS-1:0]           y;
<%- if .PoolCodes %>
  wire [VECTOR_LANES*POOL_TOKEN_BITS-1:0] in_col;
  genvar g;
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_col
      assign in_col[g*POOL_TOKEN_BITS +: POOL_TOKEN_BITS] = col[g*NORM_OUT_BITS +: POOL_TOKEN_BITS];
    end
  endgenerate
<%- end %>
  vit_token_pool #(.LANES(TM), .VECTOR_COLUMNS(VECTOR_COLUMNS), .CHANNELS(POOL_CHANNELS),
                   .CHANNEL_INDEX_BITS(POOL_CHANNEL_INDEX_BITS), .GROUP_INDEX_BITS(POOL_GROUP_INDEX_BITS),
                   .ROW_TILES(POOL_ROW_TILES), .ROW_INDEX_BITS(ROW_INDEX_BITS), .TOKENS(POOL_TOKENS),
                   .FIRST_TOKEN(POOL_FIRST_TOKEN), .TOKEN_BITS(POOL_TOKEN_BITS), .SUM_BITS(POOL_SUM_BITS),
                   .OUT_BITS(POOL_OUT_BITS) <%- if .PoolStream %>,
                   .ADDR_BITS(ADDR_BITS)<% end %> <%- if not .PoolMax %>, .SHIFT(POOL_SHIFT),
                   .MIN_SHIFT(POOL_MIN_SHIFT), .SHIFT_RANGE_BITS(POOL_SHIFT_RANGE_BITS) <%- end %>) u_pool (
    .aclk(aclk), .aresetn(aresetn), .start(start_pool),
<%- if .PoolStream %>
    .reading(reading), .res_addr(res_addr), .in_col(res_rdata),
<%- else %>
    .begin_rows(start_norm), .in_valid(col_valid), .in_last(col_last), .in_group(col_group[POOL_GROUP_INDEX_BITS-1:0]),
    .in_col(in_col), .opening(opening), .counted(counted),
<%- end %>
<%- if not .PoolMax %>
    .mul(mul), .offset(offset[POOL_SUM_BITS-1:0]), .zero(zero), .bits(bits),
<%- end %>
    .out_valid(valid), .out_last(last), .out_channel(channel), .out_y(y), .running(busy)
  );

  /* verilator lint_off UNUSED */
  wire [15:0]          slot = {{(16-POOL_CHANNEL_INDEX_BITS){1'b0}}, channel} & (POOL_WORD_VALUES - 1);
  /* verilator lint_on UNUSED */
  vit_column_packer #(.LANES(1), .SLOTS(POOL_WORD_VALUES), .ELEMENT_BITS(POOL_OUT_BITS),
                      .ADDR_BITS(ADDR_BITS)) u_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(valid), .in_slot(slot[7:0]), .in_last(1'b0),
    .in_addr({{(ADDR_BITS-POOL_CHANNEL_INDEX_BITS){1'b0}}, channel} >> $clog2(POOL_WORD_VALUES)), .in_col(y),
    .out_valid(word_valid), .out_addr(word_addr), .out_word(word_out)
  );
<%- if not .PoolStream %>
  reg                  word_last;
<%- end %>
  reg                  ended;
  always @(posedge aclk) begin
    word_last <= aresetn && valid && last;
    ended     <= word_last;
  end
<%- if .PoolCodes %>
  assign done    = ended;
<%- end %>
  assign running = busy || word_last || ended;

  // For verification only: what is pooled. Nothing reads it, so synthesis removes it.
  /* verilator lint_off UNUSED */
  reg  [11:0]          trace_op;
  always @(posedge aclk) if (start_pool) trace_op <= s_op;
  wire                 trace_valid = valid, trace_end = ended;
  wire [31:0]          trace_value = {{(32-POOL_OUT_BITS+1){y[POOL_OUT_BITS-1]}}, y[POOL_OUT_BITS-2:0]};
  /* verilator lint_on UNUSED */
endmodule
