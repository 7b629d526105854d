"""What do runs look like to whoever watches by OpenTelemetry?"""
