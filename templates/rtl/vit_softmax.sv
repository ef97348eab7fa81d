// Softmax numerators of a row tile of LANES tokens, VC columns (key tokens) a cycle:
//
//   v = min(((max - score) * mul + half) >> shift, 2^VB - 1),  e = exp_rom[v] ~ (2^PB - 1) * 2^(-v/2^F)
//   Z = sum of e over the row,  recip = floor(ch / Z)   (the row's only division, 17 bits)
//
// The scores of a row tile stream in and are kept, their maximum with them; `filled` says that
// they are complete. The pass over them starts by itself when the one before is done, while the
// scores of the next row tile go into the other half of the buffer. Normalisation is left to the
// requantizer, which multiplies the value product by recip.
// From the pass's start: column group j leaves in cycle 6 + j, the reciprocals are there in cycle
// N/VC + 25. `done` comes with the last numerator, in cycle N/VC + 6, where the value product
// takes longer to ask for the reciprocals than they to come (EARLY), else in cycle N/VC + 24.
module vit_softmax #(
  parameter LANES = 8,
  parameter VC    = 1,       // columns a cycle
  parameter N     = 17,      // tokens: scores a row
  parameter SW    = 22,      // score bits, signed
  parameter PB    = 8,       // numerator bits, unsigned
  parameter VB    = 9,       // index bits of the exponential table
  parameter JW    = 8,       // bits of a token index
  parameter GW    = 8,       // bits of the index of a group of columns
  parameter EARLY = 1,       // the division goes on beside what follows
  parameter STYLE = "auto"   // ram_style of the score buffer
) (
  input  wire                  aclk,
  input  wire                  aresetn,
  // Groups of score columns from the array: column v, token r at v*LANES + r.
  input  wire                  score_valid,
  input  wire [GW-1:0]         score_group,
  input  wire [7:0]            score_count,      // columns in it
  input  wire [VC*LANES*SW-1:0] score_col,
  // The row tile's scores are complete; its settings.
  input  wire                  filled,
  input  wire [15:0]           mul,
  input  wire [5:0]            shift,
  /* verilator lint_off UNUSED */ // at most 17 + PB bits
  input  wire [27:0]           ch,
  /* verilator lint_on UNUSED */
  output wire                  start,            // the pass over a row tile starts
  output wire                  col_valid,
  output wire [GW-1:0]         col_group,
  output wire                  col_last,
  output wire [VC*LANES*PB-1:0] col,
  output reg  [LANES*17-1:0]   recip,            // of the row tile that was divided last
  output wire                  done
);
  localparam PW     = SW + 17;
  localparam ZW     = PB + JW;
  localparam GROUPS = (N + VC - 1) / VC;
  localparam [31:0]   GROUPS_1 = GROUPS - 1;
  localparam [GW-1:0] LAST     = GROUPS_1[GW-1:0];
  localparam REST   = N - (GROUPS - 1) * VC;     // columns of the last group

  // A row tile waits here from `filled` until the pass before it is done.
  reg         pending, busy;
  reg  [15:0] next_mul, cur_mul;
  reg  [5:0]  next_shift, cur_shift;
  reg  [PB+16:0] next_ch, cur_ch;
  assign      start = pending && !busy;
  always @(posedge aclk) begin
    if (!aresetn) begin
      pending <= 1'b0;
      busy    <= 1'b0;
    end else begin
      pending <= filled || (pending && busy);
      if (start)     busy <= 1'b1;
      else if (done) busy <= 1'b0;
    end
    if (filled) begin
      next_mul   <= mul;
      next_shift <= shift;
      next_ch    <= ch[PB+16:0];
    end
    if (start) begin
      cur_mul   <= next_mul;
      cur_shift <= next_shift;
      cur_ch    <= next_ch;
    end
  end

  // Index of the group in each stage; the pass is a plain pipeline without stalls.
  reg              run, write_half, read_half;
  reg  [GW-1:0]    index;
  reg  [4:0]       valid_q;
  reg  [5*GW-1:0]  index_q;
  always @(posedge aclk) begin
    if (!aresetn)                    run <= 1'b0;
    else if (start)                  run <= 1'b1;
    else if (index == LAST)          run <= 1'b0;
    if (!aresetn)                    write_half <= 1'b0;
    else if (filled)                 write_half <= ~write_half;
    if (!aresetn)                    read_half <= 1'b1;
    else if (start)                  read_half <= ~read_half;
    index   <= start ? {GW{1'b0}} : index + {{(GW-1){1'b0}}, run};
    valid_q <= aresetn ? {valid_q[3:0], run} : 5'd0;
    index_q <= {index_q[4*GW-1:0], index};
  end
  assign col_valid = valid_q[4];
  assign col_group = index_q[4*GW +: GW];
  assign col_last  = col_group == LAST;

  wire [VC*LANES*SW-1:0] kept;
  vit_ram #(.WIDTH(VC*LANES*SW), .DEPTH(2 << GW), .AW(GW + 1), .STYLE(STYLE)) u_scores (
    .aclk(aclk), .we(score_valid), .waddr({write_half, score_group}), .wdata(score_col),
    .raddr({read_half, index}), .rdata(kept)
  );

  // Division: 17 restoring steps after the last column, the rows side by side.
  reg        divide;
  reg  [4:0] step;
  wire       begin_divide = col_valid & col_last;
  reg        load_divide, divided;
  assign     done = EARLY != 0 ? load_divide : divided;
  always @(posedge aclk) begin
    load_divide <= aresetn & begin_divide;
    if (!aresetn)             divide <= 1'b0;
    else if (load_divide)     divide <= 1'b1;
    else if (step == 5'd16)   divide <= 1'b0;
    step <= load_divide ? 5'd0 : step + {4'd0, divide};
    divided <= aresetn & divide & (step == 5'd16);
  end

  wire [PW-1:0] half = {{(PW-1){1'b0}}, 1'b1} << (cur_shift - 6'd1);

  genvar g, h;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_token
      // Largest score of the group, then of the row.
      integer v;
      reg  signed [SW-1:0] candidate, top, in_max, max;
      always @* begin
        top = score_col[g*SW +: SW];
        for (v = 1; v < VC; v = v + 1) begin
          candidate = score_col[(v*LANES + g)*SW +: SW];
          if (v[7:0] < score_count && candidate > top) top = candidate;
        end
      end
      always @(posedge aclk) begin
        if (score_valid && (score_group == {GW{1'b0}} || top > in_max)) in_max <= top;
        if (start) max <= in_max;
      end

      wire [VC*PB-1:0] numerators;
      for (h = 0; h < VC; h = h + 1) begin : gen_lane
        wire signed [SW-1:0] score = kept[(h*LANES + g)*SW +: SW];
        reg         [SW-1:0] diff;    // max - score, never negative
        (* use_dsp = "yes" *)
        reg         [PW-1:0] prod;
        reg         [VB-1:0] v1;
        reg         [PB-1:0] e;
        wire        [PW-1:0] scaled = (prod + half) >> cur_shift;
        (* rom_style = "distributed", ram_style = "logic" *)
        reg         [PB-1:0] exp_rom [0:(1<<VB)-1];
        initial $readmemh("exp.mem", exp_rom);
        always @(posedge aclk) begin
          diff <= max - score;
          prod <= {{(PW-SW){1'b0}}, diff} * {{(PW-16){1'b0}}, cur_mul};
          v1   <= |scaled[PW-1:VB] ? {VB{1'b1}} : scaled[VB-1:0];
          e    <= exp_rom[v1];
        end
        // Columns past the last token are zeros.
        wire [PB-1:0] kept_e = h >= REST && col_last ? {PB{1'b0}} : e;
        assign numerators[h*PB +: PB] = kept_e;
        assign col[(h*LANES + g)*PB +: PB] = kept_e;
      end

      reg  [ZW-1:0] group_z, z;
      always @* begin
        group_z = {ZW{1'b0}};
        for (v = 0; v < VC; v = v + 1) group_z = group_z + {{(ZW-PB){1'b0}}, numerators[v*PB +: PB]};
      end

      // ch / z with z >= 2^PB - 1 and ch < 2^17 * (2^PB - 1): the quotient has 17 bits.
      reg  [ZW-1:0] divisor, rem;
      reg  [16:0]   quo;              // the dividend's low bits on their way out
      wire [ZW:0]   next  = {rem, quo[16]};
      wire          fits  = next >= {1'b0, divisor};
      /* verilator lint_off UNUSED */ // below the divisor after the step
      wire [ZW:0]   reduced = next - {1'b0, divisor};
      /* verilator lint_on UNUSED */
      always @(posedge aclk) begin
        if (start)          z <= {ZW{1'b0}};
        else if (col_valid) z <= z + group_z;
        if (load_divide) begin
          divisor <= z;
          rem <= {{JW{1'b0}}, cur_ch[17 +: PB]};
          quo <= cur_ch[16:0];
        end else if (divide) begin
          rem <= fits ? reduced[ZW-1:0] : next[ZW-1:0];
          quo <= {quo[15:0], fits};
        end
        if (divided) recip[g*17 +: 17] <= quo;
      end
    end
  endgenerate
endmodule
