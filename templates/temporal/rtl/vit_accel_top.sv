// Quantized ViT accelerator: AXI4-Lite control, one AXI4 master, image in, logits out.
//   model <% line .Model %>, part <% line .Part %>, array <% .TM %> x <% .TN %> x <% .TK %>, bus <% .BusBits %> bits
module vit_accel_top #(
  parameter C_M_AXI_ADDR_WIDTH = 40  // [bits] address of the host's memory, named as AMD's tools name it
) (
  input  wire         aclk,
  input  wire         aresetn,
  // AXI4-Lite control.
  input  wire [5:0]   s_axi_awaddr,
  input  wire         s_axi_awvalid,
  output wire         s_axi_awready,
  input  wire [31:0]  s_axi_wdata,
  /* verilator lint_off UNUSED */ // registers are written whole
  input  wire [3:0]   s_axi_wstrb,
  /* verilator lint_on UNUSED */
  input  wire         s_axi_wvalid,
  output wire         s_axi_wready,
  output wire [1:0]   s_axi_bresp,
  output wire         s_axi_bvalid,
  input  wire         s_axi_bready,
  input  wire [5:0]   s_axi_araddr,
  input  wire         s_axi_arvalid,
  output wire         s_axi_arready,
  output wire [31:0]  s_axi_rdata,
  output wire [1:0]   s_axi_rresp,
  output wire         s_axi_rvalid,
  input  wire         s_axi_rready,
  // AXI4 master: images, weights, results.
  output wire [C_M_AXI_ADDR_WIDTH-1:0] m_axi_araddr,
  output wire [7:0]   m_axi_arlen,
  output wire [2:0]   m_axi_arsize,
  output wire [1:0]   m_axi_arburst,
  output wire [3:0]   m_axi_arcache,
  output wire [2:0]   m_axi_arprot,
  output wire         m_axi_arvalid,
  input  wire         m_axi_arready,
  input  wire [<% .BusBits %>-1:0]  m_axi_rdata,
  input  wire [1:0]   m_axi_rresp,
  /* verilator lint_off UNUSED */ // beats are counted
  input  wire         m_axi_rlast,
  /* verilator lint_on UNUSED */
  input  wire         m_axi_rvalid,
  output wire         m_axi_rready,
  output wire [C_M_AXI_ADDR_WIDTH-1:0] m_axi_awaddr,
  output wire [7:0]   m_axi_awlen,
  output wire [2:0]   m_axi_awsize,
  output wire [1:0]   m_axi_awburst,
  output wire [3:0]   m_axi_awcache,
  output wire [2:0]   m_axi_awprot,
  output wire         m_axi_awvalid,
  input  wire         m_axi_awready,
  output wire [<% .BusBits %>-1:0]  m_axi_wdata,
  output wire [<% .BusBits %>/8-1:0] m_axi_wstrb,
  output wire         m_axi_wlast,
  output wire         m_axi_wvalid,
  input  wire         m_axi_wready,
  input  wire [1:0]   m_axi_bresp,
  input  wire         m_axi_bvalid,
  output wire         m_axi_bready
);
  localparam [63:0] DESIGN_HASH = 64'h<% .HashShort %>;
  localparam HOST_ADDR_BITS = C_M_AXI_ADDR_WIDTH;

  wire                      start, soft_reset, bus_idle, busy, read_error, write_error, stalled;
  wire [31:0]               images, images_done;
  wire [HOST_ADDR_BITS-1:0] image_base, stream_base, result_base;
  reg                       core_resetn;
  always @(posedge aclk) core_resetn <= aresetn && !soft_reset;

  vit_axi_lite #(.HOST_ADDR_BITS(HOST_ADDR_BITS), .HASH(DESIGN_HASH)) u_control (
    .aclk(aclk), .aresetn(aresetn),
    .s_axi_awaddr(s_axi_awaddr), .s_axi_awvalid(s_axi_awvalid), .s_axi_awready(s_axi_awready),
    .s_axi_wdata(s_axi_wdata), .s_axi_wvalid(s_axi_wvalid), .s_axi_wready(s_axi_wready),
    .s_axi_bresp(s_axi_bresp), .s_axi_bvalid(s_axi_bvalid), .s_axi_bready(s_axi_bready),
    .s_axi_araddr(s_axi_araddr), .s_axi_arvalid(s_axi_arvalid), .s_axi_arready(s_axi_arready),
    .s_axi_rdata(s_axi_rdata), .s_axi_rresp(s_axi_rresp), .s_axi_rvalid(s_axi_rvalid),
    .s_axi_rready(s_axi_rready), .start(start), .soft_reset(soft_reset), .bus_idle(bus_idle), .images(images),
    .image_base(image_base), .stream_base(stream_base), .result_base(result_base), .busy(busy),
    .read_error(read_error), .write_error(write_error), .images_done(images_done), .stalled(stalled)
  );
  vit_accel_core #(.HOST_ADDR_BITS(HOST_ADDR_BITS)) u_core (
    .aclk(aclk), .aresetn(core_resetn), .bus_aresetn(aresetn), .bus_idle(bus_idle), .start(start),
    .images(images), .image_base(image_base), .stream_base(stream_base), .result_base(result_base),
    .busy(busy), .images_done(images_done), .read_error(read_error), .write_error(write_error), .stalled(stalled),
    .m_axi_araddr(m_axi_araddr), .m_axi_arlen(m_axi_arlen), .m_axi_arvalid(m_axi_arvalid),
    .m_axi_arready(m_axi_arready), .m_axi_rdata(m_axi_rdata), .m_axi_rresp(m_axi_rresp),
    .m_axi_rvalid(m_axi_rvalid), .m_axi_rready(m_axi_rready), .m_axi_awaddr(m_axi_awaddr),
    .m_axi_awlen(m_axi_awlen), .m_axi_awvalid(m_axi_awvalid), .m_axi_awready(m_axi_awready),
    .m_axi_wdata(m_axi_wdata), .m_axi_wlast(m_axi_wlast), .m_axi_wvalid(m_axi_wvalid),
    .m_axi_wready(m_axi_wready), .m_axi_bresp(m_axi_bresp), .m_axi_bvalid(m_axi_bvalid),
    .m_axi_bready(m_axi_bready)
  );
  // INCR bursts of full words, normal memory.
  assign m_axi_arsize  = <% .BusSize %>;
  assign m_axi_arburst = 2'b01;
  assign m_axi_arcache = 4'b0011;
  assign m_axi_arprot  = 3'b000;
  assign m_axi_awsize  = <% .BusSize %>;
  assign m_axi_awburst = 2'b01;
  assign m_axi_awcache = 4'b0011;
  assign m_axi_awprot  = 3'b000;
  assign m_axi_wstrb   = {<% .BusBits %>/8{1'b1}};
endmodule
