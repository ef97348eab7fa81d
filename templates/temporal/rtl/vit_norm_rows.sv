// LayerNorm of rows of the residual stream, a row tile ahead of the matmul that reads its codes: words for X
<%- if .NormToResidual %>, or rows for
// the residual stream<% end %>.
module vit_norm_rows #(
<% constants %>
) (
  input  wire                                  aclk,
  input  wire                                  aresetn,
  // The step that starts.
  input  wire                                  start_norm,
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCRIPTOR_BITS-1:0]            step_desc,
  // gamma and beta, out of the stream.
  input  wire [STREAM_WORD_BITS-1:0]           word,
  input  wire [15:0]                           word_index,
  /* verilator lint_on UNUSED */
  input  wire                                  norm_we,
  output wire                                  running,   // up to its last word in a buffer
  output wire                                  done,
  output wire                                  row_made,  // a row tile is in X
  // Residual stream, read latency 2, and the sums of its rows, read latency 1.
  output wire                                  reading,
  output wire [ADDR_BITS-1:0]                  res_addr,
  input  wire [VECTOR_LANES*RESIDUAL_BITS-1:0] res_rdata,
  output wire                                  reading_sums,
  output wire [ROW_INDEX_BITS-1:0]             sums_row,
  input  wire [TM*SUM_BITS-1:0]                row_s1,
  input  wire [TM*SQUARE_SUM_BITS-1:0]         row_s2,
  // Words for X.
  output wire                                  word_valid,
  output wire [ADDR_BITS-1:0]                  word_addr,
  output wire [TK*TM*NORM_CODE_BITS-1:0]       word_out
<%- if .Dynamic %>,
  output wire                                  col_valid
<%- end %>
<%- if or .NormToResidual .PoolCodes .Dynamic %>,
  // Groups of columns as they come: column v, token r at v*TM + r.
  output wire                                  col_last,  // of its row tile
  output wire [VECTOR_LANES*NORM_OUT_BITS-1:0] col
<%- end %>
<%- if .NormToResidual %>,
  // Those for the residual stream go where they were read.
  output wire                      row_we, row_first,
  output reg  [ADDR_BITS-1:0]      row_addr,
  output reg  [ROW_INDEX_BITS-1:0] row_tile
<%- end %>
<%- if .PoolCodes %>,
  output wire                        pool_col,            // those for the pool
  output wire [GROUP_INDEX_BITS-1:0] col_group,
  // For verification only: the row tile has the first token that counts; it has such a token.
  /* verilator lint_off UNUSED */
  input  wire                        pool_opening, pool_counted
  /* verilator lint_on UNUSED */
<%- end %>
);
<% fields "s_" "step_desc" %>

  // The op's settings: the step changes while it runs.
  reg  [15:0] tiles_1;
  reg  [39:0] eps;
  reg  [5:0]  k, k17, sg;
  reg  [4:0]  bits;
<%- if .Windowed %>
  reg  [2:0]  widen;
<%- end %>
<%- if .NormsDiffer %>
  reg  [1:0]  to;
<%- end %>
  always @(posedge aclk) if (start_norm) begin
    tiles_1 <= s_mt_1;
    eps     <= s_eps;
    k       <= s_ln_k;
    k17     <= s_ln_k17;
    sg      <= s_ln_sg;
    bits    <= s_bits;
<%- if .Windowed %>
    widen   <= s_widen;
<%- end %>
<%- if .NormsDiffer %>
    to      <= s_norm_to;
<%- end %>
  end

  wire                                  valid, last, op_last, busy;
  wire [GROUP_INDEX_BITS-1:0]           group;
  wire [VECTOR_LANES*NORM_OUT_BITS-1:0] cols;
  vit_layernorm #(.LANES(TM), .VECTOR_COLUMNS(VECTOR_COLUMNS), .CHANNELS(CHANNELS),
                  <% if .Windowed %>.MAX_WIDEN(MAX_WIDEN), <% end %>.CHANNEL_INDEX_BITS(CHANNEL_INDEX_BITS),
                  .GROUP_INDEX_BITS(GROUP_INDEX_BITS), .RESIDUAL_BITS(RESIDUAL_BITS), .OUT_BITS(NORM_OUT_BITS),
                  .ADDR_BITS(ADDR_BITS), .ROW_INDEX_BITS(ROW_INDEX_BITS), .SUM_BITS(SUM_BITS),
                  .SQUARE_SUM_BITS(SQUARE_SUM_BITS), .FIRST_MIN_SHIFT(NORM_FIRST_MIN_SHIFT),
                  .FIRST_SHIFT_RANGE_BITS(NORM_FIRST_SHIFT_RANGE_BITS), .SECOND_MIN_SHIFT(NORM_SECOND_MIN_SHIFT),
                  .SECOND_SHIFT_RANGE_BITS(NORM_SECOND_SHIFT_RANGE_BITS), .WAIT_CYCLES(NORM_WAIT_CYCLES),
                  .SETTLE_CYCLES(NORM_SETTLE_CYCLES), .GAP_CYCLES(NORM_GAP_CYCLES),
                  .PARAM_STYLE(NORM_PARAM_STYLE)) u_layernorm (
    .aclk(aclk), .aresetn(aresetn), .param_we(norm_we), .param_waddr(word_index[CHANNEL_INDEX_BITS-1:0]),
    .param_wdata(word[63:0]), .start(start_norm), .tiles_1(tiles_1), .eps(eps), .k(k), .k17(k17), .sg(sg),
    .bits(bits),<% if .Windowed %> .widen(widen), .res_first(s_res_from),<% end %> .running(busy),
    .op_last(op_last), .reading_sums(reading_sums), .row(sums_row), .s1(row_s1), .s2(row_s2),
    .reading(reading), .res_addr(res_addr), .res_col(res_rdata),
    .col_valid(valid), .col_index(group), .col_last(last), .col(cols)
  );
  assign running = busy || word_valid;

  reg  [ADDR_BITS-1:0] base;                         // of the row tile in X; LayerNorm fills it from 0 on
  reg                  word_last, word_end;
<%- if .Windowed %>
  localparam [31:0] ROW_CODES = CHANNELS / TK;
  wire [ADDR_BITS-1:0] row_words = ROW_CODES[ADDR_BITS-1:0] << widen;
<%- else %>
  wire [ADDR_BITS-1:0] row_words = X_ROW_WORDS[ADDR_BITS-1:0];
<%- end %>
  always @(posedge aclk) begin
    if (start_norm)         base <= {ADDR_BITS{1'b0}};
    else if (valid && last) base <= base + row_words;
    word_last <= aresetn && valid && last;
    word_end  <= aresetn && valid && last && op_last;
  end
  assign done     = word_end;
  assign row_made = <% if .NormsDiffer %>word_last && to == NORM_TO_X<% else %>word_last<% end %>;

  wire [ADDR_BITS-1:0]                   word_number = {{(ADDR_BITS-GROUP_INDEX_BITS){1'b0}}, group}
                                                     >> WORD_GROUPS_LOG2;
  /* verilator lint_off UNUSED */
  wire [15:0]                            slot = {{(16-GROUP_INDEX_BITS){1'b0}}, group} & (WORD_GROUPS[15:0] - 16'd1);
  /* verilator lint_on UNUSED */
  wire [VECTOR_LANES*NORM_CODE_BITS-1:0] codes;
  genvar g;
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_codes
      assign codes[g*NORM_CODE_BITS +: NORM_CODE_BITS] = cols[g*NORM_OUT_BITS +: NORM_CODE_BITS];
    end
  endgenerate
  vit_column_packer #(.LANES(VECTOR_LANES), .SLOTS(TK/VECTOR_COLUMNS), .ELEMENT_BITS(NORM_CODE_BITS),
                      .ADDR_BITS(ADDR_BITS)) u_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(valid), .in_slot(slot[7:0]), .in_last(last),
    .in_addr(base + word_number), .in_col(codes),
    .out_valid(word_valid), .out_addr(word_addr), .out_word(word_out)
  );
<%- if .Dynamic %>
  assign col_valid = valid;
<%- end %>
<%- if or .NormToResidual .PoolCodes .Dynamic %>
  assign col_last  = last;
  assign col       = cols;
<%- end %>
<%- if .PoolCodes %>
  assign pool_col  = valid && to == NORM_TO_POOL;
  assign col_group = group;
<%- end %>
<%- if .NormToResidual %>

  assign row_we    = valid && to == NORM_TO_RESIDUAL;
  assign row_first = group == {GROUP_INDEX_BITS{1'b0}};
  always @(posedge aclk)
    if (start_norm) begin
      row_addr <= {ADDR_BITS{1'b0}};
      row_tile <= {ROW_INDEX_BITS{1'b0}};
    end else if (valid) begin
      row_addr <= row_addr + {{(ADDR_BITS-1){1'b0}}, 1'b1};
      if (last) row_tile <= row_tile + 1'b1;
    end
<%- end %>

  // For verification only: what LayerNorms produce, in its order. Nothing reads it, so synthesis removes it.
  /* verilator lint_off UNUSED */
  reg  [11:0]      trace_op;
  always @(posedge aclk) if (start_norm) trace_op <= s_op;
  wire                       trace_valid = valid<% if .PoolCodes %> && (to != NORM_TO_POOL || pool_counted)<% end %>;
  wire [VECTOR_LANES*32-1:0] trace_cols;
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_trace
<%- if .PoolCodes %>
      // An op's rows begin with the first token that it has.
      wire [NORM_OUT_BITS-1:0] code = to == NORM_TO_POOL && pool_opening && g + POOL_FIRST_TOKEN % TM < VECTOR_LANES
          ? cols[((g + POOL_FIRST_TOKEN % TM) % VECTOR_LANES)*NORM_OUT_BITS +: NORM_OUT_BITS]
          : cols[g*NORM_OUT_BITS +: NORM_OUT_BITS];
<%- else %>
      wire [NORM_OUT_BITS-1:0] code = cols[g*NORM_OUT_BITS +: NORM_OUT_BITS];
<%- end %>
      assign trace_cols[g*32 +: 32] = {{(32-NORM_OUT_BITS+1){code[NORM_OUT_BITS-1]}}, code[NORM_OUT_BITS-2:0]};
    end
  endgenerate
  /* verilator lint_on UNUSED */
endmodule
