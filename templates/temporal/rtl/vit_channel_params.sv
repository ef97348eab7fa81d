// Biases and multipliers of the channels of a tile column: {bias, multiplier}, a memory for each of VECTOR_COLUMNS
// channels, of TN channels in each of the weights' banks. A word of the stream has those of PARAMS_PER_WORD channels.
// Read latency 1.
module vit_channel_params #(
<% constants %>
) (
  input  wire                                 aclk,
  input  wire                                 aresetn,
  // Words of the stream.
  input  wire                                 param_we,
  input  wire [1:0]                           weight_bank,
  /* verilator lint_off UNUSED */ // as many bits as it has
  input  wire [STREAM_WORD_BITS-1:0]          word,
  input  wire [15:0]                          word_index,
  // The group of columns at the head of the array; the tile column is done with.
  input  wire [7:0]                           head_number,
  /* verilator lint_on UNUSED */
  input  wire                                 tile_free,
  output wire [VECTOR_COLUMNS*PARAM_BITS-1:0] param
);
  localparam [1:0]  LAST_BANK = {WEIGHT_BANKS == 4, WEIGHT_BANKS != 1};
  localparam [31:0] PARAM_BANK = TN / VECTOR_COLUMNS, PARAM_BANKS = 2 * PARAM_BANK;
  reg  [1:0]                 param_bank;
  reg  [PARAM_ADDR_BITS-1:0] param_first;          // of the bank
  wire [1:0]                 param_next = (param_bank + 2'd1) & LAST_BANK;
  always @(posedge aclk)
    if (!aresetn) begin
      param_bank  <= 2'd0;
      param_first <= {PARAM_ADDR_BITS{1'b0}};
    end else if (tile_free) begin
      param_bank  <= param_next;
      param_first <= param_base(param_next);
    end
  function [PARAM_ADDR_BITS-1:0] param_base(input [1:0] number);
    param_base = (number[0] ? PARAM_BANK[PARAM_ADDR_BITS-1:0] : {PARAM_ADDR_BITS{1'b0}})
               + (number[1] ? PARAM_BANKS[PARAM_ADDR_BITS-1:0] : {PARAM_ADDR_BITS{1'b0}});
  endfunction
  /* verilator lint_off UNUSED */
  wire [15:0]       param_word = word_index >> $clog2(VECTOR_COLUMNS/PARAMS_PER_WORD);
  /* verilator lint_on UNUSED */
  genvar g;
  generate
    for (g = 0; g < VECTOR_COLUMNS; g = g + 1) begin : gen_params
      vit_ram #(.WIDTH(PARAM_BITS), .DEPTH(WEIGHT_BANKS*TN/VECTOR_COLUMNS), .ADDR_BITS(PARAM_ADDR_BITS), .LATENCY(1),
                .STYLE("distributed")) u_params (
        .aclk(aclk),
        .we(param_we && (word_index[7:0] & (VECTOR_COLUMNS[7:0]/PARAMS_PER_WORD[7:0] - 8'd1)) == g/PARAMS_PER_WORD),
        .waddr(param_word[PARAM_ADDR_BITS-1:0] + param_base(weight_bank)),
        .wdata(word[(g % PARAMS_PER_WORD)*PARAM_BITS +: PARAM_BITS]),
        .raddr(head_number[PARAM_ADDR_BITS-1:0] + param_first),
        .rdata(param[g*PARAM_BITS +: PARAM_BITS])
      );
    end
  endgenerate
endmodule
