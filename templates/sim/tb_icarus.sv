// A second opinion from an event-driven simulator: one image through the accelerator with an
// ideal memory, every column of every op compared. `make icarus` prints PASS or FAIL.
`timescale 1ns / 1ps
module tb_icarus;
  localparam BUS_BITS = <% .BusBits %>;
  localparam BYTES    = BUS_BITS / 8;
  localparam LANES    = <% .TM %>, VECTOR_COLUMNS = <% .VC %>, TK = <% .TK %>;
  localparam OPS      = <% .OpCount %>, COLUMNS = <% .ColumnCount %>;
  localparam HEADER   = 72;                      // of a vector file: magic and hash
  localparam [39:0] IMAGE_BASE = 40'h10000000, STREAM_BASE = 40'h40000000, RESULT_BASE = 40'h80000000;

  reg aclk = 1'b0, aresetn = 1'b0;
  always #5 aclk = !aclk;

  // Memory contents and expectations, as bytes.
  reg [7:0] stream   [0:<% .StreamBytes %>-1];
  reg [7:0] images   [0:HEADER+<% .ImageBytes %>-1];
  reg [7:0] columns  [0:HEADER+20*<% .ColumnCount %>-1];
  reg [7:0] expected [0:HEADER+4*<% .ElementCount %>-1];

  reg  [5:0]          awaddr;
  reg                 awvalid = 1'b0;
  reg  [31:0]         wdata;
  wire                awready, wready, bvalid;
  wire [39:0]         m_araddr, m_awaddr;
  wire [7:0]          m_arlen, m_awlen;
  wire                m_arvalid, m_awvalid, m_wlast, m_wvalid, m_rready, m_bready;
  reg  [BUS_BITS-1:0] m_rdata;
  reg                 m_rvalid = 1'b0, m_bvalid = 1'b0;
  wire [BUS_BITS-1:0] m_wdata;
  wire                trace_start;
  wire [3:0]          trace_valid;
  wire [4*12-1:0]     trace_op;
  wire [4*8-1:0]      trace_count;
  wire [VECTOR_COLUMNS*LANES*32-1:0] trace_drain, trace_norm, trace_softmax;
  wire [TK*LANES*32-1:0] trace_patches;
  wire [4:0]          trace_end;

  sim_top u_top (
    .aclk(aclk), .aresetn(aresetn),
    .s_axi_awaddr(awaddr), .s_axi_awvalid(awvalid), .s_axi_awready(awready), .s_axi_wdata(wdata),
    .s_axi_wstrb(4'hf), .s_axi_wvalid(awvalid), .s_axi_wready(wready), .s_axi_bresp(),
    .s_axi_bvalid(bvalid), .s_axi_bready(1'b1), .s_axi_araddr(6'd0), .s_axi_arvalid(1'b0),
    .s_axi_arready(), .s_axi_rdata(), .s_axi_rresp(), .s_axi_rvalid(), .s_axi_rready(1'b1),
    .m_axi_araddr(m_araddr), .m_axi_arlen(m_arlen), .m_axi_arsize(), .m_axi_arburst(), .m_axi_arcache(),
    .m_axi_arprot(), .m_axi_arvalid(m_arvalid), .m_axi_arready(1'b1), .m_axi_rdata(m_rdata),
    .m_axi_rresp(2'b00), .m_axi_rlast(1'b0), .m_axi_rvalid(m_rvalid), .m_axi_rready(m_rready),
    .m_axi_awaddr(m_awaddr), .m_axi_awlen(m_awlen), .m_axi_awsize(), .m_axi_awburst(), .m_axi_awcache(),
    .m_axi_awprot(), .m_axi_awvalid(m_awvalid), .m_axi_awready(1'b1), .m_axi_wdata(m_wdata),
    .m_axi_wstrb(), .m_axi_wlast(m_wlast), .m_axi_wvalid(m_wvalid), .m_axi_wready(1'b1),
    .m_axi_bresp(2'b00), .m_axi_bvalid(m_bvalid), .m_axi_bready(m_bready),
    .trace_start(trace_start), .trace_valid(trace_valid), .trace_op(trace_op), .trace_count(trace_count),
    .trace_drain(trace_drain), .trace_norm(trace_norm), .trace_softmax(trace_softmax),
    .trace_patches(trace_patches), .trace_end(trace_end), .trace_end_op(), .trace_sums(), .trace_norm_op(), .trace_sums_row(), .trace_s1(), .trace_s2(),
    .trace_cause(), .trace_cause_op()
  );

  // Read channel: requests queue up, a beat a cycle.
  reg [39:0] queue_addr [0:63];
  reg [8:0]  queue_left [0:63];
  reg [5:0]  head = 6'd0, tail = 6'd0;
  integer    i, offset;
  always @(posedge aclk) begin
    m_rvalid <= 1'b0;
    if (head != tail) begin
      for (i = 0; i < BYTES; i = i + 1) begin
        offset = queue_addr[tail] >= STREAM_BASE ? queue_addr[tail] - STREAM_BASE : queue_addr[tail] - IMAGE_BASE + HEADER;
        m_rdata[i*8 +: 8] <= queue_addr[tail] >= STREAM_BASE ? stream[offset + i] : images[offset + i];
      end
      m_rvalid         <= 1'b1;
      queue_addr[tail] <= queue_addr[tail] + BYTES;
      queue_left[tail] <= queue_left[tail] - 9'd1;
      if (queue_left[tail] == 9'd1) tail <= tail + 6'd1;
    end
    if (m_arvalid) begin
      queue_addr[head] <= m_araddr;
      queue_left[head] <= {1'b0, m_arlen} + 9'd1;
      head             <= head + 6'd1;
    end
    m_bvalid <= m_wvalid && m_wlast;
  end

  // Every column against the expectation: of each op, the next column and value to come.
  integer next_column [0:OPS], next_value [0:OPS], first_column [0:OPS];
  integer produced = 0, compared = 0, wrong = 0, port, column, value, lane, op, lanes;
  reg signed [31:0] want, got;
  task compare(input integer which, input integer count, input [TK*LANES*32-1:0] cols);
    integer k;
    for (k = 0; k < count; k = k + 1) begin
      column = next_column[which];
      value  = next_value[which];
      lanes  = columns[HEADER + 20*column + 16] | columns[HEADER + 20*column + 17] << 8;
      if (column >= first_column[which + 1]) wrong = wrong + 1;
      for (lane = 0; lane < lanes; lane = lane + 1) begin
        want = {expected[HEADER + 4*value + 3], expected[HEADER + 4*value + 2],
                expected[HEADER + 4*value + 1], expected[HEADER + 4*value]};
        got  = cols[(k*LANES + lane)*32 +: 32];
        if (got !== want) begin
          wrong = wrong + 1;
          if (wrong < 10) $display("op %0d, column %0d, lane %0d: expected %0d, got %0d", which, column, lane, want, got);
        end
        value    = value + 1;
        compared = compared + 1;
      end
      next_value[which]  = value;
      next_column[which] = column + 1;
      produced = produced + 1;
    end
  endtask
  always @(posedge aclk) begin
    if (trace_valid[0]) compare(trace_op[0*12 +: 12], trace_count[0*8 +: 8], trace_drain);
    if (trace_valid[1]) compare(trace_op[1*12 +: 12], trace_count[1*8 +: 8], trace_norm);
    if (trace_valid[2]) compare(trace_op[2*12 +: 12], trace_count[2*8 +: 8], trace_softmax);
    if (trace_valid[3]) compare(trace_op[3*12 +: 12], trace_count[3*8 +: 8], trace_patches);
  end

  task write(input [5:0] addr, input [31:0] data);
    begin
      @(negedge aclk) awaddr = addr; wdata = data; awvalid = 1'b1;
      @(negedge aclk) awvalid = 1'b0;
      while (!bvalid) @(negedge aclk);
      @(negedge aclk);
    end
  endtask

  integer fd, n;
  initial begin
    fd = $fopen("../mem/stream.bin", "rb");        n = $fread(stream, fd);   $fclose(fd);
    fd = $fopen("../vectors/images.bin", "rb");    n = $fread(images, fd);   $fclose(fd);
    fd = $fopen("../vectors/trace.bin", "rb");     n = $fread(columns, fd);  $fclose(fd);
    fd = $fopen("../vectors/expected.bin", "rb");  n = $fread(expected, fd); $fclose(fd);
    for (op = 0; op <= OPS; op = op + 1) {next_column[op], next_value[op], first_column[op]} = 0;
    value = 0;
    for (column = COLUMNS - 1; column >= 0; column = column - 1) begin
      op = columns[HEADER + 20*column] | columns[HEADER + 20*column + 1] << 8;
      next_column[op] = column;
    end
    for (column = 0; column < COLUMNS; column = column + 1) begin
      op = columns[HEADER + 20*column] | columns[HEADER + 20*column + 1] << 8;
      if (next_column[op] == column) next_value[op] = value;
      value = value + (columns[HEADER + 20*column + 16] | columns[HEADER + 20*column + 17] << 8);
    end
    for (op = 0; op < OPS; op = op + 1) first_column[op] = next_column[op];
    first_column[OPS] = COLUMNS;
    repeat (8) @(negedge aclk);
    aresetn = 1'b1;
    repeat (4) @(negedge aclk);
    write(6'h08, 32'd1);
    write(6'h10, IMAGE_BASE[31:0]);
    write(6'h14, 32'd0);
    write(6'h18, STREAM_BASE[31:0]);
    write(6'h1c, 32'd0);
    write(6'h20, RESULT_BASE[31:0]);
    write(6'h24, 32'd0);
    write(6'h00, 32'd1);
    while (!trace_end[4]) @(negedge aclk);
    if (wrong == 0 && produced == COLUMNS) $display("PASS %0d elements compared", compared);
    else $display("FAIL %0d of %0d elements differ, %0d of %0d columns", wrong, compared, produced, COLUMNS);
    $finish;
  end
endmodule
