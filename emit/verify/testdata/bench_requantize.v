// vit_requantize against its formula, with operands and settings of all sizes.
module bench;
  integer mutant_id;
  localparam ACCW = ACCW_, YW = YW_, MINSH = MINSH_, VARSHW = VARSHW_;
  reg             aclk = 0, per_lane;
  reg  [ACCW-1:0] acc, bias;
  reg  [15:0]     mul, zero;
  reg  [16:0]     lane_mul;
  reg  [5:0]      shift;
  reg  [4:0]      bits;
  wire [YW-1:0]   y;
  vit_requantize #(.LANES(1), .ACCW(ACCW), .YW(YW), .MINSH(MINSH), .VARSHW(VARSHW)) u (
    .aclk(aclk), .in_acc(acc), .in_bias(bias), .in_mul(mul), .lane_mul(lane_mul), .per_lane(per_lane),
    .shift(shift), .zero(zero), .bits(bits), .out_y(y)
  );
  reg signed [127:0] x, most;
  reg signed [127:0] want [0:31];
  reg        [127:0] r;
  integer n, i, size;
  initial begin
    if (!$value$plusargs("mutant=%d", mutant_id)) mutant_id = 0;
    for (n = 0; n < 200; n = n + 1) begin
      {per_lane, mul, lane_mul} = {$random, $random};
      shift = MINSH + $unsigned($random) % (1 << VARSHW);
      bits  = 2 + $unsigned($random) % (YW - 3);
      zero  = $signed($random) % (1 << (bits - 1));
      bias  = $signed($random) % (1 << (n % (ACCW - 3)));
      most  = (128'sd1 <<< (bits - 1)) - 1;
      for (i = 0; i < 32; i = i + 1) begin
        r    = {$random, $random, $random, $random};
        size = $unsigned($random) % (ACCW - 1);
        acc  = $signed(r[ACCW-2:0]) >>> size;
        x    = $signed(acc) + $signed(bias);
        x    = x * $signed({1'b0, per_lane ? lane_mul : {1'b0, mul}});
        x    = ((x + (128'sd1 <<< (shift - 1))) >>> shift) + $signed(zero);
        want[i] = x > most ? most : x < -most - 1 ? -most - 1 : x;
        #1 aclk = 1; #1 aclk = 0;
        if (i >= 7 && $signed(y) !== want[i-7]) begin
          $display("row %0d of settings %0d: %0d, expected %0d", i, n, $signed(y), want[i-7]);
          $finish;
        end
      end
    end
    $display("PASS");
    $finish;
  end
endmodule
