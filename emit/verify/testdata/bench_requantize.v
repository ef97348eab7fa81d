// vit_requantize against its formula, with operands and settings of all sizes.
module bench;
  integer mutant_id;
  localparam ACC_BITS = ACC_BITS_, OUT_BITS = OUT_BITS_, MIN_SHIFT = MIN_SHIFT_, SHIFT_RANGE_BITS = SHIFT_RANGE_BITS_;
  reg                 aclk = 0, per_lane;
  reg  [ACC_BITS-1:0] acc, bias;
  reg  [15:0]         mul, zero;
  reg  [16:0]         lane_mul;
  reg  [5:0]          shift;
  reg  [4:0]          bits;
  wire [OUT_BITS-1:0] y;
  vit_requantize #(.LANES(1), .ACC_BITS(ACC_BITS), .OUT_BITS(OUT_BITS), .MIN_SHIFT(MIN_SHIFT),
                   .SHIFT_RANGE_BITS(SHIFT_RANGE_BITS)) u (
    .aclk(aclk), .in_acc(acc), .in_bias(bias), .in_mul(mul), .lane_mul(lane_mul), .per_lane(per_lane),
    .shift(shift), .zero(zero), .bits(bits), .out_y(y)
  );
  reg signed [127:0]  x, most;
  reg signed [127:0]  want [0:31];
  reg        [127:0]  r;
  integer n, i, size;
  initial begin
    if (!$value$plusargs("mutant=%d", mutant_id)) mutant_id = 0;
    for (n = 0; n < 200; n = n + 1) begin
      {per_lane, mul, lane_mul} = {$random, $random};
      shift = MIN_SHIFT + $unsigned($random) % (1 << SHIFT_RANGE_BITS);
      bits  = 2 + $unsigned($random) % (OUT_BITS - 3);
      zero  = $signed($random) % (1 << (bits - 1));
      bias  = $signed($random) % (1 << (n % (ACC_BITS - 3)));
      most  = (128'sd1 <<< (bits - 1)) - 1;
      for (i = 0; i < 32; i = i + 1) begin
        r    = {$random, $random, $random, $random};
        size = $unsigned($random) % (ACC_BITS - 1);
        acc  = $signed(r[ACC_BITS-2:0]) >>> size;
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
