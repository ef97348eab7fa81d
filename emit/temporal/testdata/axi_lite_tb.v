// vit_axi_lite and a manager that offers address and data of a write in any order and takes responses late:
// every register that can be written reads as written, a START is one start, no READY depends on a VALID of its
// cycle, and no write is lost or done twice. Prints PASS, or what is wrong.
module tb;
  reg clk = 1'b0, rstn = 1'b0;
  always #5 clk = !clk;
  reg  [5:0]  awaddr = 6'd0, araddr = 6'd0;
  reg         aw = 1'b0, w = 1'b0, ar = 1'b0, bready = 1'b0, rready = 1'b0, none = 1'b0, all = 1'b0;
  wire        awvalid = all || (aw && !none), wvalid = all || (w && !none), arvalid = all || (ar && !none);
  reg  [31:0] wdata = 32'd0;
  wire        awready, wready, bvalid, arready, rvalid, start;
  wire [31:0] rdata;
  wire [1:0]  bresp, rresp;
  vit_axi_lite #(.HOST_ADDR_BITS(40), .HASH(64'h0123456789abcdef)) u_lite (
    .aclk(clk), .aresetn(rstn), .s_axi_awaddr(awaddr), .s_axi_araddr(araddr), .s_axi_awvalid(awvalid),
    .s_axi_awready(awready), .s_axi_wdata(wdata), .s_axi_wvalid(wvalid), .s_axi_wready(wready), .s_axi_bresp(bresp),
    .s_axi_bvalid(bvalid), .s_axi_bready(bready), .s_axi_arvalid(arvalid), .s_axi_arready(arready),
    .s_axi_rdata(rdata), .s_axi_rresp(rresp), .s_axi_rvalid(rvalid), .s_axi_rready(rready), .start(start),
    .soft_reset(), .bus_idle(1'b1), .images(), .image_base(), .stream_base(), .result_base(), .busy(1'b0),
    .read_error(1'b0), .write_error(1'b0), .images_done(32'd0), .stalled(1'b0)
  );

  integer seed = 7, i, n, number, starts = 0, address_in, data_in;
  task wrong(input [40*8:1] what); begin $display("FAIL time %0t: %0s", $time, what); $finish; end endtask
  always @(posedge clk) if (start) starts = starts + 1;

  // In the middle of every cycle the READYs are the same with all VALIDs low and all high.
  reg [2:0] low;
  always @(negedge clk) if (rstn) begin
    none = 1'b1;
    #1 low = {awready, wready, arready};
    {none, all} = 2'b01;
    #1 if ({awready, wready, arready} !== low) wrong("a READY depends on a VALID");
    all = 1'b0;
  end

  // Signals change at the clock's edge, as those of other registers.
  task write(input [5:0] address, input [31:0] data); begin
    address_in = {$random(seed)} % 4;
    data_in    = {$random(seed)} % 4;
    for (i = 0; !bvalid; i = i + 1) begin
      if (i == address_in) begin awaddr <= address; aw <= 1'b1; end
      if (i == data_in)    begin wdata  <= data;    w  <= 1'b1; end
      if (i == 20) wrong("a write gets no response");
      @(posedge clk);
      if (awvalid && awready) begin aw <= 1'b0; awaddr <= ~address; end
      if (wvalid && wready)   begin w  <= 1'b0; wdata  <= ~data;    end
    end
    repeat ({$random(seed)} % 3) @(posedge clk);
    bready <= 1'b1;
    @(posedge clk);
    while (!bvalid) @(posedge clk);
    bready <= 1'b0;
    @(posedge clk);
    if (bvalid || bresp != 2'b00) wrong("a second response, or an error");
  end endtask

  task read(input [5:0] address, input [31:0] expected); begin
    araddr <= address;
    ar     <= 1'b1;
    @(posedge clk);
    while (!(arvalid && arready)) @(posedge clk);
    ar <= 1'b0;
    repeat (1 + {$random(seed)} % 3) @(posedge clk);
    if (!rvalid || rdata !== expected || rresp != 2'b00) begin
      $display("FAIL register %h reads as %h, expected %h", address, rdata, expected);
      $finish;
    end
    rready <= 1'b1;
    @(posedge clk);
    @(posedge clk);
    rready <= 1'b0;
    if (rvalid) wrong("a second beat");
  end endtask

  reg [31:0] kept [0:15];
  initial begin
    repeat (3) @(posedge clk);
    rstn <= 1'b1;
    @(posedge clk);
    for (n = 0; n < 200; n = n + 1) begin
      number = n < 6 ? n + 4 : {$random(seed)} % 6 + 4; // IMAGE_ADDR_LO to RESULT_ADDR_HI
      kept[number] = $random(seed);
      write(number * 4, kept[number]);
      number = {$random(seed)} % 6 + 4;
      if (n >= 6) read(number * 4, kept[number]);
      if (n % 20 == 19) write(6'h00, 32'd1);
    end
    read(6'h38, 32'h01234567);
    if (starts != 10) wrong("the number of starts");
    $display("PASS");
    $finish;
  end
endmodule
