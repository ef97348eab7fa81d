// What the array's columns pass on their way to a buffer, VC columns of TM tokens a cycle: requantizer, then the GELU
// table or the residual add, both of two cycles.
module vit_output_lanes #(
<% constants %>
) (
  input  wire               aclk,
  input  wire               aresetn,
  // Words of the stream: biases and multipliers of channels, and the GELU table.
  input  wire               param_we, gelu_we,
  input  wire [1:0]         weight_bank,
  /* verilator lint_off UNUSED */ // as many bits as each has
  input  wire [ASMW-1:0]    word,
  input  wire [15:0]        word_index,
  /* verilator lint_on UNUSED */
  input  wire               tile_free,
  // Columns, and the settings that they meet: see vit_output_stages.
  input  wire [VL*ACCW-1:0] tile_col,
  input  wire               head_first,
  input  wire [7:0]         head_number,
  input  wire               col_per_lane,
  input  wire [5:0]         shift,
  input  wire [15:0]        zero,
  input  wire [4:0]         bits,
  input  wire [TM*17-1:0]   recip,                 // of the softmax that was divided last
  input  wire [2:0]         requantized_to,
  input  wire               requantized_prefix,
<%- if .PrefixTiles %>
  input  wire               requantized_prefix_tile,
<%- end %>
<%- if .Windowed %>
  input  wire               requantized_fresh,
<%- end %>
<%- if .SecondHead %>
  input  wire               requantized_valid,
  /* verilator lint_off UNUSED */ // as many bits as the memory has
  input  wire [AW-1:0]      requantized_addr, first_raddr,
  /* verilator lint_on UNUSED */
<%- end %>
  input  wire               out_gelu,
  input  wire [VL*RB-1:0]   res_rdata,             // of the residual stream
  // At the buffers: whatever it is; as codes.
  output reg  [VL*YW-1:0]   y_out,
  output wire [VL*AB-1:0]   code_col
);
  wire [VC*PARW-1:0] param;
  vit_channel_params u_params (
    .aclk(aclk), .aresetn(aresetn), .param_we(param_we), .weight_bank(weight_bank), .word(word),
    .word_index(word_index), .head_number(head_number), .tile_free(tile_free), .param(param)
  );

  wire [VL*YW-1:0]   y;
  reg  [TM*17-1:0]   row_recip;                    // of the value product that drains
  always @(posedge aclk) if (head_first) row_recip <= recip;
  genvar g;
  generate
    for (g = 0; g < VC; g = g + 1) begin : gen_requantize
      vit_requantize #(.LANES(TM), .ACCW(ACCW), .YW(YW), .MINSH(MIN_SHIFT), .VARSHW(VAR_SHIFT)) u_requantize (
        .aclk(aclk), .in_acc(tile_col[g*TM*ACCW +: TM*ACCW]),
        .in_bias(col_per_lane ? {ACCW{1'b0}} : param[g*PARW + 16 +: ACCW]),
        .in_mul(param[g*PARW +: 16]), .lane_mul(row_recip), .per_lane(col_per_lane),
        .shift(shift), .zero(zero), .bits(bits), .out_y(y[g*TM*YW +: TM*YW])
      );
    end
  endgenerate

  wire [VL*HB-1:0]   gelu_h;
  wire [VL*AB-1:0]   gelu_y;
  vit_gelu_table #(.LANES(VL), .HB(HB), .YB(AB)) u_gelu (
    .aclk(aclk), .we(gelu_we), .waddr(word_index[HB-1:0]), .wdata(word[AB-1:0]),
    .in_h(gelu_h), .out_y(gelu_y)
  );
<%- if .SecondHead %>

  // Logits of the first head, VC of row 0 a word, which the second one adds to its own, of row 1.
  wire [VC*LOGITB-1:0] first_in, first_out;
  vit_ram #(.WIDTH(VC*LOGITB), .DEPTH(FIRST_DEPTH), .AW(FIRST_AW), .LATENCY(1), .STYLE("distributed")) u_first_logits (
    .aclk(aclk), .we(requantized_valid && requantized_to == TO_LOGITS), .waddr(requantized_addr[FIRST_AW-1:0]),
    .wdata(first_in), .raddr(first_raddr[FIRST_AW-1:0]), .rdata(first_out)
  );
  reg                both_heads;
  always @(posedge aclk) both_heads <= requantized_to == TO_SUM;
<%- end %>

  // The residual add takes two cycles, as the GELU table does: the sum, then what it saturates to. Branches are not
  // added to tokens in front of the patches where these have a position embedding only.
  reg                residual;
  always @(posedge aclk) residual <= requantized_to == TO_RESIDUAL;
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_out
      wire signed [YW-1:0] lane    = y[g*YW +: YW];
<%- if .PrefixTiles %>
      wire                 masked  = requantized_prefix_tile || (g % TM < PREFIX % TM && requantized_prefix);
<%- else %>
      wire                 masked  = g % TM < PREFIX && requantized_prefix;
<%- end %>
      wire signed [RB:0]   branch  = masked ? {(RB+1){1'b0}} : $signed(lane[RB:0]);
<%- if .Windowed %>
      wire signed [RB-1:0] stream  = requantized_fresh ? {RB{1'b0}} : res_rdata[g*RB +: RB];
<%- else %>
      wire signed [RB-1:0] stream  = res_rdata[g*RB +: RB];
<%- end %>
      reg  signed [YW-1:0] lane1;
      reg  signed [RB:0]   sum1;
      wire signed [RB-1:0] sat     = sum1[RB] != sum1[RB-1] ? {sum1[RB], {(RB-1){~sum1[RB]}}} : sum1[RB-1:0];
      assign gelu_h[g*HB +: HB] = lane[HB-1:0];
<%- if .SecondHead %>
      wire signed [YW-1:0] other;
      if (g % TM == 0) begin : gen_heads           // the sum of both heads
        wire signed [LOGITB-1:0] first  = first_out[(g/TM)*LOGITB +: LOGITB];
        wire signed [LOGITB-1:0] second = y[(g+1)*YW +: LOGITB];
        reg  signed [LOGITB:0]   both;
        always @(posedge aclk) both <= first + second;
        wire signed [LOGITB-1:0] logits = both[LOGITB] != both[LOGITB-1] ? {both[LOGITB], {(LOGITB-1){~both[LOGITB]}}}
                                                                         : both[LOGITB-1:0];
        assign first_in[(g/TM)*LOGITB +: LOGITB] = lane[LOGITB-1:0];
        assign other = both_heads ? {{(YW-LOGITB+1){logits[LOGITB-1]}}, logits[LOGITB-2:0]} : lane1;
      end else begin : gen_row
        assign other = lane1;
      end
<%- end %>
      always @(posedge aclk) begin
        lane1 <= lane;
        sum1  <= $signed({stream[RB-1], stream}) + branch;
        y_out[g*YW +: YW] <= residual ? {{(YW-RB){sat[RB-1]}}, sat} : <% if .SecondHead %>other<% else %>lane1<% end %>;
      end
      assign code_col[g*AB +: AB] = out_gelu ? gelu_y[g*AB +: AB] : y_out[g*YW +: AB];
    end
  endgenerate
endmodule
