// Softmax numerators of a tile of LANES rows, one column (key token) a cycle, all rows at once:
//
//   v = min(((max - score) * mul + half) >> shift, 2^VB - 1),  e = exp_rom[v] ~ (2^PB - 1) * 2^(-v/2^F)
//   Z = sum of e over the row,  recip = floor(ch / Z)   (the row's only division, 17 bits)
//
// Scores stream in first and are kept; start then runs the second pass. Normalisation is left
// to the requantizer, which multiplies the value product by recip.
// From start: column j leaves in cycle 6 + j, done comes in cycle N + 24.
module vit_softmax #(
  parameter LANES = 8,
  parameter N     = 17,      // tokens: scores a row
  parameter SW    = 22,      // score bits, signed
  parameter PB    = 8,       // numerator bits, unsigned
  parameter VB    = 9,       // index bits of the exponential table
  parameter JW    = 8,       // bits of a token index
  parameter STYLE = "auto"   // ram_style of the score buffer
) (
  input  wire                  aclk,
  input  wire                  aresetn,
  // Score columns from the array.
  input  wire                  score_valid,
  input  wire [JW-1:0]         score_index,
  input  wire [LANES*SW-1:0]   score_col,
  // Second pass.
  input  wire                  start,
  input  wire [15:0]           mul,
  input  wire [5:0]            shift,
  /* verilator lint_off UNUSED */ // at most 17 + PB bits
  input  wire [27:0]           ch,
  /* verilator lint_on UNUSED */
  output wire                  col_valid,
  output wire [JW-1:0]         col_index,
  output wire                  col_last,
  output wire [LANES*PB-1:0]   col,
  output wire [LANES*17-1:0]   recip,
  output reg                   done
);
  localparam PW = SW + 17;
  localparam ZW = PB + JW;
  localparam [JW-1:0] LAST = N - 1;

  // Index of the column in each stage; the pass is a plain pipeline without stalls.
  reg              run;
  reg  [JW-1:0]    index;
  reg  [4:0]       valid_q;
  reg  [5*JW-1:0]  index_q;
  always @(posedge aclk) begin
    if (!aresetn)                    run <= 1'b0;
    else if (start)                  run <= 1'b1;
    else if (index == LAST)          run <= 1'b0;
    index   <= start ? {JW{1'b0}} : index + {{(JW-1){1'b0}}, run};
    valid_q <= aresetn ? {valid_q[3:0], run} : 5'd0;
    index_q <= {index_q[4*JW-1:0], index};
  end
  assign col_valid = valid_q[4];
  assign col_index = index_q[4*JW +: JW];
  assign col_last  = col_index == LAST;

  wire [LANES*SW-1:0] kept;
  vit_ram #(.WIDTH(LANES*SW), .DEPTH(N), .AW(JW), .STYLE(STYLE)) u_scores (
    .aclk(aclk), .we(score_valid), .waddr(score_index), .wdata(score_col),
    .raddr(index), .rdata(kept)
  );

  // Division: 17 restoring steps after the last column, the rows side by side.
  reg        divide;
  reg  [4:0] step;
  wire       begin_divide = col_valid & col_last;
  reg        load_divide;
  always @(posedge aclk) begin
    load_divide <= aresetn & begin_divide;
    if (!aresetn)             divide <= 1'b0;
    else if (load_divide)     divide <= 1'b1;
    else if (step == 5'd16)   divide <= 1'b0;
    step <= load_divide ? 5'd0 : step + {4'd0, divide};
    done <= aresetn & divide & (step == 5'd16);
  end

  wire [PW-1:0] half = {{(PW-1){1'b0}}, 1'b1} << (shift - 6'd1);

  genvar g;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      wire signed [SW-1:0] in_score = score_col[g*SW +: SW];
      wire signed [SW-1:0] score    = kept[g*SW +: SW];
      reg  signed [SW-1:0] max;
      reg         [SW-1:0] diff;      // max - score, never negative
      (* use_dsp = "yes" *)
      reg         [PW-1:0] prod;
      reg         [VB-1:0] v;
      reg         [PB-1:0] e;
      reg         [ZW-1:0] z;
      wire        [PW-1:0] scaled = (prod + half) >> shift;
      (* rom_style = "distributed", ram_style = "logic" *)
      reg         [PB-1:0] exp_rom [0:(1<<VB)-1];
      initial $readmemh("exp.mem", exp_rom);
      always @(posedge aclk) begin
        if (score_valid && (score_index == {JW{1'b0}} || in_score > max)) max <= in_score;
        diff <= max - score;
        prod <= {{(PW-SW){1'b0}}, diff} * {{(PW-16){1'b0}}, mul};
        v    <= |scaled[PW-1:VB] ? {VB{1'b1}} : scaled[VB-1:0];
        e    <= exp_rom[v];
        if (start)          z <= {ZW{1'b0}};
        else if (col_valid) z <= z + {{(ZW-PB){1'b0}}, e};
      end
      assign col[g*PB +: PB] = e;

      // ch / z with z >= 2^PB - 1 and ch < 2^17 * (2^PB - 1): the quotient has 17 bits.
      reg  [ZW-1:0] rem;
      reg  [16:0]   quo;              // the dividend's low bits on their way out
      wire [ZW:0]   next  = {rem, quo[16]};
      wire          fits  = next >= {1'b0, z};
      /* verilator lint_off UNUSED */ // below z after the step
      wire [ZW:0]   reduced = next - {1'b0, z};
      /* verilator lint_on UNUSED */
      always @(posedge aclk)
        if (load_divide) begin
          rem <= {{JW{1'b0}}, ch[17 +: PB]};
          quo <= ch[16:0];
        end else if (divide) begin
          rem <= fits ? reduced[ZW-1:0] : next[ZW-1:0];
          quo <= {quo[15:0], fits};
        end
      assign recip[g*17 +: 17] = quo;
    end
  endgenerate
endmodule
