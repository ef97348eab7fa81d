// The accelerator with five pins, for place and route on its own: vit_accel_top has several
// hundred ports, more than any package has pins. Its inputs are a shift register; its outputs
// are captured into another and shifted out. Every path into and out of the accelerator so
// starts and ends at a register, as it would in a system, and nothing of it is optimised away.
module ecp5_shell (
  input  wire aclk,
  input  wire aresetn,
  input  wire shift_in,
  input  wire capture,      // 1: take the outputs; 0: shift them out, the lowest bit first
  output wire shift_out
);
  localparam HOST_ADDR_BITS = <% .AddressBits %>;
  localparam BUS_BITS       = <% .BusBits %>;
  localparam INPUTS         = 59 + BUS_BITS;
  localparam OUTPUTS        = 87 + 2*HOST_ADDR_BITS + BUS_BITS + BUS_BITS/8;

  reg  [INPUTS-1:0]  in_q;
  reg  [OUTPUTS-1:0] out_q;
  wire [OUTPUTS-1:0] out;
  always @(posedge aclk) begin
    in_q  <= {in_q[INPUTS-2:0], shift_in};
    out_q <= capture ? out : {1'b0, out_q[OUTPUTS-1:1]};
  end
  assign shift_out = out_q[0];

  vit_accel_top #(.C_M_AXI_ADDR_WIDTH(HOST_ADDR_BITS)) u_accel (
    .aclk(aclk), .aresetn(aresetn),
    // 59 + BUS_BITS inputs
    .s_axi_awaddr(in_q[5:0]), .s_axi_awvalid(in_q[6]), .s_axi_wdata(in_q[38:7]),
    .s_axi_wstrb(in_q[42:39]), .s_axi_wvalid(in_q[43]), .s_axi_bready(in_q[44]),
    .s_axi_araddr(in_q[50:45]), .s_axi_arvalid(in_q[51]), .s_axi_rready(in_q[52]),
    .m_axi_arready(in_q[53]), .m_axi_rresp({in_q[57], 1'b0}), .m_axi_rlast(in_q[58]),
    .m_axi_rvalid(in_q[54]),
    .m_axi_awready(in_q[55]), .m_axi_wready(in_q[56]), .m_axi_bresp({in_q[57], 1'b0}),
    .m_axi_bvalid(in_q[58]), .m_axi_rdata(in_q[59 +: BUS_BITS]),
    // 87 + 2 HOST_ADDR_BITS + BUS_BITS + BUS_BITS/8 outputs
    .s_axi_awready(out[0]), .s_axi_wready(out[1]), .s_axi_bresp(out[3:2]), .s_axi_bvalid(out[4]),
    .s_axi_arready(out[5]), .s_axi_rdata(out[37:6]), .s_axi_rresp(out[39:38]),
    .s_axi_rvalid(out[40]),
    .m_axi_arlen(out[48:41]), .m_axi_arsize(out[51:49]), .m_axi_arburst(out[53:52]),
    .m_axi_arcache(out[57:54]), .m_axi_arprot(out[60:58]), .m_axi_arvalid(out[61]),
    .m_axi_rready(out[62]), .m_axi_awlen(out[70:63]), .m_axi_awsize(out[73:71]),
    .m_axi_awburst(out[75:74]), .m_axi_awcache(out[79:76]), .m_axi_awprot(out[82:80]),
    .m_axi_awvalid(out[83]), .m_axi_wlast(out[84]), .m_axi_wvalid(out[85]), .m_axi_bready(out[86]),
    .m_axi_araddr(out[87 +: HOST_ADDR_BITS]), .m_axi_awaddr(out[87+HOST_ADDR_BITS +: HOST_ADDR_BITS]),
    .m_axi_wdata(out[87+2*HOST_ADDR_BITS +: BUS_BITS]), .m_axi_wstrb(out[87+2*HOST_ADDR_BITS+BUS_BITS +: BUS_BITS/8])
  );
endmodule
