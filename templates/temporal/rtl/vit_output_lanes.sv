// What the array's columns pass on their way to a buffer, VECTOR_COLUMNS columns of TM tokens a cycle: requantizer,
// then the GELU table or the residual add, both of two cycles.
module vit_output_lanes #(
<% constants %>
) (
  input  wire                                     aclk,
  input  wire                                     aresetn,
  // Words of the stream: biases and multipliers of channels, and the GELU table.
  input  wire                                     param_we, gelu_we,
  input  wire [1:0]                               weight_bank,
  /* verilator lint_off UNUSED */ // as many bits as each has
  input  wire [STREAM_WORD_BITS-1:0]              word,
  input  wire [15:0]                              word_index,
  /* verilator lint_on UNUSED */
  input  wire                                     tile_free,
  // Columns, and the settings that they meet: see vit_output_stages.
  input  wire [VECTOR_LANES*ACC_BITS-1:0]         tile_col,
<%- if .Dynamic %>
  input  wire [TM*POWER_BITS-1:0]                 col_powers,
<%- end %>
  input  wire                                     head_first,
  input  wire [7:0]                               head_number,
  input  wire                                     col_per_lane,
  input  wire [5:0]                               shift,
  input  wire [15:0]                              zero,
  input  wire [4:0]                               bits,
  input  wire [TM*17-1:0]                         recip,      // of the softmax<% if .Windowed %> whose value product is next<% else %> that was divided last<% end %>
  input  wire [2:0]                               requantized_to,
  input  wire                                     requantized_prefix,
<%- if .PrefixTiles %>
  input  wire                                     requantized_prefix_tile,
<%- end %>
<%- if .Windowed %>
  input  wire                                     requantized_fresh,
<%- end %>
<%- if .SecondHead %>
  input  wire                                     requantized_valid,
  /* verilator lint_off UNUSED */ // as many bits as the memory has
  input  wire [ADDR_BITS-1:0]                     requantized_addr, first_raddr,
  /* verilator lint_on UNUSED */
<%- end %>
  input  wire                                     out_gelu,
  input  wire [VECTOR_LANES*RESIDUAL_BITS-1:0]    res_rdata,  // of the residual stream
  // At the buffers: whatever it is; as codes.
  output reg  [VECTOR_LANES*REQUANTIZED_BITS-1:0] y_out,
  output wire [VECTOR_LANES*ACTIVATION_BITS-1:0]  code_col
);
<%- if .Dynamic %>
  // A sum times its token's power of two takes a cycle: what meets a column in the requantizer is as much later.
  reg  [VECTOR_LANES*WIDE_BITS-1:0] wide_col;
  reg  [7:0]                        wide_number;
  reg  [15:0]                       wide_zero;
  reg  [5:0]                        wide_shift;
  reg  [4:0]                        wide_bits;
  reg                               wide_free, wide_first, wide_per_lane;
  always @(posedge aclk) begin
    wide_number   <= head_number;
    wide_free     <= aresetn && tile_free;
    wide_first    <= head_first;
    wide_per_lane <= col_per_lane;
    wide_shift    <= shift;
    wide_zero     <= zero;
    wide_bits     <= bits;
  end

<%- end %>
  wire [VECTOR_COLUMNS*PARAM_BITS-1:0] param;
  vit_channel_params u_params (
    .aclk(aclk), .aresetn(aresetn), .param_we(param_we), .weight_bank(weight_bank), .word(word),
    .word_index(word_index), .head_number(<% if .Dynamic %>wide_number), .tile_free(wide_free<% else %>head_number), .tile_free(tile_free<% end %>), .param(param)
  );

  wire [VECTOR_LANES*REQUANTIZED_BITS-1:0] y;
  reg  [TM*17-1:0]                         row_recip;  // of the value product that drains
  always @(posedge aclk) if (<% if .Dynamic %>wide_first<% else %>head_first<% end %>) row_recip <= recip;
  genvar g;
  generate
    for (g = 0; g < VECTOR_COLUMNS; g = g + 1) begin : gen_requantize
<%- if .Dynamic %>
      genvar h;
      for (h = 0; h < TM; h = h + 1) begin : gen_wide
        wire signed [ACC_BITS-1:0]  sum  = tile_col[(g*TM + h)*ACC_BITS +: ACC_BITS];
        wire signed [WIDE_BITS-1:0] wide = {{(WIDE_BITS-ACC_BITS+1){sum[ACC_BITS-1]}}, sum[ACC_BITS-2:0]};
        always @(posedge aclk)
          wide_col[(g*TM + h)*WIDE_BITS +: WIDE_BITS] <= wide <<< col_powers[h*POWER_BITS +: POWER_BITS];
      end
      vit_requantize #(.LANES(TM), .ACC_BITS(WIDE_BITS), .OUT_BITS(REQUANTIZED_BITS), .MIN_SHIFT(MIN_SHIFT),
                       .SHIFT_RANGE_BITS(SHIFT_RANGE_BITS)) u_requantize (
        .aclk(aclk), .in_acc(wide_col[g*TM*WIDE_BITS +: TM*WIDE_BITS]),
        .in_bias(wide_per_lane ? {WIDE_BITS{1'b0}} : param[g*PARAM_BITS + 16 +: WIDE_BITS]),
        .in_mul(param[g*PARAM_BITS +: 16]), .lane_mul(row_recip), .per_lane(wide_per_lane),
        .shift(wide_shift), .zero(wide_zero), .bits(wide_bits), .out_y(y[g*TM*REQUANTIZED_BITS +: TM*REQUANTIZED_BITS])
      );
<%- else %>
      vit_requantize #(.LANES(TM), .ACC_BITS(ACC_BITS), .OUT_BITS(REQUANTIZED_BITS), .MIN_SHIFT(MIN_SHIFT),
                       .SHIFT_RANGE_BITS(SHIFT_RANGE_BITS)) u_requantize (
        .aclk(aclk), .in_acc(tile_col[g*TM*ACC_BITS +: TM*ACC_BITS]),
        .in_bias(col_per_lane ? {ACC_BITS{1'b0}} : param[g*PARAM_BITS + 16 +: ACC_BITS]),
        .in_mul(param[g*PARAM_BITS +: 16]), .lane_mul(row_recip), .per_lane(col_per_lane),
        .shift(shift), .zero(zero), .bits(bits), .out_y(y[g*TM*REQUANTIZED_BITS +: TM*REQUANTIZED_BITS])
      );
<%- end %>
    end
  endgenerate

  wire [VECTOR_LANES*GELU_INDEX_BITS-1:0] gelu_h;
  wire [VECTOR_LANES*ACTIVATION_BITS-1:0] gelu_y;
  vit_gelu_table #(.LANES(VECTOR_LANES), .INDEX_BITS(GELU_INDEX_BITS), .OUT_BITS(ACTIVATION_BITS)) u_gelu (
    .aclk(aclk), .we(gelu_we), .waddr(word_index[GELU_INDEX_BITS-1:0]), .wdata(word[ACTIVATION_BITS-1:0]),
    .in_h(gelu_h), .out_y(gelu_y)
  );
<%- if .SecondHead %>

  // Logits of the first head, VECTOR_COLUMNS of row 0 a word, which the second one adds to its own, of row 1.
  wire [VECTOR_COLUMNS*LOGIT_BITS-1:0] first_in, first_out;
  vit_ram #(.WIDTH(VECTOR_COLUMNS*LOGIT_BITS), .DEPTH(FIRST_HEAD_DEPTH), .ADDR_BITS(FIRST_HEAD_ADDR_BITS), .LATENCY(1),
            .STYLE("distributed")) u_first_logits (
    .aclk(aclk), .we(requantized_valid && requantized_to == TO_LOGITS),
    .waddr(requantized_addr[FIRST_HEAD_ADDR_BITS-1:0]),
    .wdata(first_in), .raddr(first_raddr[FIRST_HEAD_ADDR_BITS-1:0]), .rdata(first_out)
  );
  reg                both_heads;
  always @(posedge aclk) both_heads <= requantized_to == TO_SUM;
<%- end %>

  // The residual add takes two cycles, as the GELU table does: the sum, then what it saturates to. Branches are not
  // added to tokens in front of the patches where these have a position embedding only.
  reg                residual;
  always @(posedge aclk) residual <= requantized_to == TO_RESIDUAL;
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_out
      wire signed [REQUANTIZED_BITS-1:0] lane   = y[g*REQUANTIZED_BITS +: REQUANTIZED_BITS];
<%- if .PrefixTiles %>
      wire                               masked = requantized_prefix_tile
                                                || (g % TM < PREFIX_TOKENS % TM && requantized_prefix);
<%- else %>
      wire                               masked = g % TM < PREFIX_TOKENS && requantized_prefix;
<%- end %>
      wire signed [RESIDUAL_BITS:0]      branch = masked ? {(RESIDUAL_BITS+1){1'b0}} : $signed(lane[RESIDUAL_BITS:0]);
<%- if .Windowed %>
      wire signed [RESIDUAL_BITS-1:0]    stream = requantized_fresh ? {RESIDUAL_BITS{1'b0}}
                                                : res_rdata[g*RESIDUAL_BITS +: RESIDUAL_BITS];
<%- else %>
      wire signed [RESIDUAL_BITS-1:0]    stream = res_rdata[g*RESIDUAL_BITS +: RESIDUAL_BITS];
<%- end %>
      reg  signed [REQUANTIZED_BITS-1:0] lane1;
      reg  signed [RESIDUAL_BITS:0]      sum1;
      wire signed [RESIDUAL_BITS-1:0]    sat    = sum1[RESIDUAL_BITS] != sum1[RESIDUAL_BITS-1]
                                                ? {sum1[RESIDUAL_BITS], {(RESIDUAL_BITS-1){~sum1[RESIDUAL_BITS]}}}
                                                : sum1[RESIDUAL_BITS-1:0];
      assign gelu_h[g*GELU_INDEX_BITS +: GELU_INDEX_BITS] = lane[GELU_INDEX_BITS-1:0];
<%- if .SecondHead %>
      wire signed [REQUANTIZED_BITS-1:0] other;
      if (g % TM == 0) begin : gen_heads           // the sum of both heads
        wire signed [LOGIT_BITS-1:0] first  = first_out[(g/TM)*LOGIT_BITS +: LOGIT_BITS];
        wire signed [LOGIT_BITS-1:0] second = y[(g+1)*REQUANTIZED_BITS +: LOGIT_BITS];
        reg  signed [LOGIT_BITS:0]   both;
        always @(posedge aclk) both <= first + second;
        wire signed [LOGIT_BITS-1:0] logits = both[LOGIT_BITS] != both[LOGIT_BITS-1]
                                            ? {both[LOGIT_BITS], {(LOGIT_BITS-1){~both[LOGIT_BITS]}}}
                                            : both[LOGIT_BITS-1:0];
        assign first_in[(g/TM)*LOGIT_BITS +: LOGIT_BITS] = lane[LOGIT_BITS-1:0];
        assign other = both_heads ? {{(REQUANTIZED_BITS-LOGIT_BITS+1){logits[LOGIT_BITS-1]}}, logits[LOGIT_BITS-2:0]}
                     : lane1;
      end else begin : gen_row
        assign other = lane1;
      end
<%- end %>
      always @(posedge aclk) begin
        lane1 <= lane;
        sum1  <= $signed({stream[RESIDUAL_BITS-1], stream}) + branch;
        y_out[g*REQUANTIZED_BITS +: REQUANTIZED_BITS] <=
            residual ? {{(REQUANTIZED_BITS-RESIDUAL_BITS){sat[RESIDUAL_BITS-1]}}, sat}
                     : <% if .SecondHead %>other<% else %>lane1<% end %>;
      end
      assign code_col[g*ACTIVATION_BITS +: ACTIVATION_BITS] = out_gelu ? gelu_y[g*ACTIVATION_BITS +: ACTIVATION_BITS]
                                                            : y_out[g*REQUANTIZED_BITS +: ACTIVATION_BITS];
    end
  endgenerate
endmodule
