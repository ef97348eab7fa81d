// vit_multiply and vit_square against the operators of Verilog, the corners of their operands among others.
module bench;
  integer mutant_id;
  reg aclk = 0;
  reg  signed [A_BITS_-1:0]         a;
  reg  signed [B_BITS_-1:0]         b;
  wire signed [A_BITS_+B_BITS_-1:0] p;
  wire        [2*A_BITS_-1:0]       s;
  vit_multiply #(.A_BITS(A_BITS_), .B_BITS(B_BITS_)) u_p (.aclk(aclk), .a(a), .b(b), .p(p));
  vit_square   #(.A_BITS(A_BITS_)) u_s (.aclk(aclk), .a(a), .p(s));
  reg  signed [A_BITS_+B_BITS_-1:0] want_p [0:3];
  reg  signed [2*A_BITS_-1:0]       want_s [0:3];
  reg  [63:0] r;
  integer i;
  initial begin
    if (!$value$plusargs("mutant=%d", mutant_id)) mutant_id = 0;
    for (i = 0; i < 1500; i = i + 1) begin
      r = {$random, $random};
      a = r[A_BITS_-1:0];
      b = r[63 -: B_BITS_];
      if (r[1:0] == 0) a = {1'b1, {(A_BITS_-1){1'b0}}};
      if (r[3:2] == 0) b = {1'b1, {(B_BITS_-1){1'b0}}};
      if (r[5:2] == 1) a = {1'b0, {(A_BITS_-1){1'b1}}};
      want_p[i%4] = a * b;
      want_s[i%4] = a * a;
      #1 aclk = 1; #1 aclk = 0;
      if (i >= 4 && (p !== want_p[(i+2)%4] || s !== want_s[(i+2)%4])) begin
        $display("cycle %0d: product %0d, expected %0d; square %0d, expected %0d", i, p, want_p[(i+2)%4], s, want_s[(i+2)%4]);
        $finish;
      end
    end
    $display("PASS");
    $finish;
  end
endmodule
