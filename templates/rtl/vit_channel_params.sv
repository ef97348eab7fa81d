// Biases and multipliers of the channels of a tile column: {bias, multiplier}, a memory for each of VC channels, of TN
// channels in each of the weights' banks. A word of the stream has those of PARS channels. Read latency 1.
module vit_channel_params #(
<% constants %>
) (
  input  wire               aclk,
  input  wire               aresetn,
  // Words of the stream.
  input  wire               param_we,
  input  wire [1:0]         weight_bank,
  /* verilator lint_off UNUSED */ // as many bits as it has
  input  wire [ASMW-1:0]    word,
  input  wire [15:0]        word_index,
  // The group of columns at the head of the array; the tile column is done with.
  input  wire [7:0]         head_number,
  /* verilator lint_on UNUSED */
  input  wire               tile_free,
  output wire [VC*PARW-1:0] param
);
  localparam [1:0]  LAST_BANK = {WBANKS == 4, WBANKS != 1};
  localparam [31:0] PAR_BANK = TN / VC, PAR_BANKS = 2 * PAR_BANK;
  reg  [1:0]        param_bank;
  reg  [PAR_AW-1:0] param_first;                   // of the bank
  wire [1:0]        param_next = (param_bank + 2'd1) & LAST_BANK;
  always @(posedge aclk)
    if (!aresetn) begin
      param_bank  <= 2'd0;
      param_first <= {PAR_AW{1'b0}};
    end else if (tile_free) begin
      param_bank  <= param_next;
      param_first <= param_base(param_next);
    end
  function [PAR_AW-1:0] param_base(input [1:0] number);
    param_base = (number[0] ? PAR_BANK[PAR_AW-1:0] : {PAR_AW{1'b0}})
               + (number[1] ? PAR_BANKS[PAR_AW-1:0] : {PAR_AW{1'b0}});
  endfunction
  /* verilator lint_off UNUSED */
  wire [15:0]       param_word = word_index >> $clog2(VC/PARS);
  /* verilator lint_on UNUSED */
  genvar g;
  generate
    for (g = 0; g < VC; g = g + 1) begin : gen_params
      vit_ram #(.WIDTH(PARW), .DEPTH(WBANKS*TN/VC), .AW(PAR_AW), .LATENCY(1), .STYLE("distributed")) u_params (
        .aclk(aclk), .we(param_we && (word_index[7:0] & (VC[7:0]/PARS[7:0] - 8'd1)) == g/PARS),
        .waddr(param_word[PAR_AW-1:0] + param_base(weight_bank)),
        .wdata(word[(g % PARS)*PARW +: PARW]),
        .raddr(head_number[PAR_AW-1:0] + param_first),
        .rdata(param[g*PARW +: PARW])
      );
    end
  endgenerate
endmodule
